/* Assesses a table in memory by the Arrow C data interface, then the same table in parts, as a stream: table PACK */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qingfeng.h>

enum { COLUMNS = 5, LINES = 4 };

static const char *const NAMES[COLUMNS] = {"declaration_id", "mode", "destination", "hs", "goods"};
static const char *const CELLS[LINES][COLUMNS] = {
    {"530120160001", "0110", "KEN", "8711209000", "motorcycle"},
    {"530120160002", "1039", "AE", "9102110000", "replica watch"},
    {"530120160002", "1039", "AE", "9403609990", "table"},
    {"530120160003", "0110", "DEU", "9403609990", "chair"},
};

/* The memory of a table: everything that its structures point to. */
struct memory {
    struct ArrowArray columns[COLUMNS];
    struct ArrowArray *children[COLUMNS];
    const void *buffers[COLUMNS][3];
    const void *row_buffers[1];
    int32_t offsets[COLUMNS][LINES + 1];
    char texts[COLUMNS][LINES * 32];
};

static void release_column(struct ArrowArray *column) { column->release = NULL; }

static void release_table(struct ArrowArray *table) {
    for (int64_t at = 0; at < table->n_children; at++) {
        struct ArrowArray *column = table->children[at];
        if (column->release != NULL) {
            column->release(column);
        }
    }
    free(table->private_data);
    table->release = NULL;
}

/* The lines from `first` on, up to `end`, as a struct of columns of texts. */
static int make_table(int first, int end, struct ArrowArray *table) {
    struct memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) {
        return 12; /* ENOMEM */
    }
    for (int column = 0; column < COLUMNS; column++) {
        int32_t length = 0;
        for (int line = first; line < end; line++) {
            size_t bytes = strlen(CELLS[line][column]);
            memcpy(memory->texts[column] + length, CELLS[line][column], bytes);
            length += (int32_t)bytes;
            memory->offsets[column][line - first + 1] = length;
        }
        /* No bits for missing values: there are none. */
        memory->buffers[column][1] = memory->offsets[column];
        memory->buffers[column][2] = memory->texts[column];
        memory->columns[column] = (struct ArrowArray){
            .length = end - first,
            .n_buffers = 3,
            .buffers = memory->buffers[column],
            .release = release_column,
        };
        memory->children[column] = &memory->columns[column];
    }
    *table = (struct ArrowArray){
        .length = end - first,
        .n_buffers = 1,
        .n_children = COLUMNS,
        .buffers = memory->row_buffers,
        .children = memory->children,
        .release = release_table,
        .private_data = memory,
    };
    return 0;
}

static void release_schema(struct ArrowSchema *schema) { schema->release = NULL; }

/* The type of these tables. What it points to is static. */
static void make_schema(struct ArrowSchema *schema) {
    static struct ArrowSchema columns[COLUMNS];
    static struct ArrowSchema *children[COLUMNS];
    for (int at = 0; at < COLUMNS; at++) {
        columns[at] = (struct ArrowSchema){.format = "u", .name = NAMES[at], .release = release_schema};
        children[at] = &columns[at];
    }
    *schema = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = COLUMNS,
        .children = children,
        .release = release_schema,
    };
}

/* A stream of two tables: the second declaration begins in the first of them and ends in the other. */
static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    (void)stream;
    make_schema(out);
    return 0;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    int *given = stream->private_data;
    switch ((*given)++) {
    case 0:
        return make_table(0, 2, out);
    case 1:
        return make_table(2, LINES, out);
    default:
        *out = (struct ArrowArray){.release = NULL};
        return 0;
    }
}

static const char *stream_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

static void release_stream(struct ArrowArrayStream *stream) {
    free(stream->private_data);
    stream->release = NULL;
}

/* The column of this name. */
static const struct ArrowArray *column(const struct ArrowSchema *schema, const struct ArrowArray *rows, const char *name) {
    for (int64_t at = 0; at < schema->n_children; at++) {
        if (strcmp(schema->children[at]->name, name) == 0) {
            return rows->children[at];
        }
    }
    fprintf(stderr, "no column %s\n", name);
    exit(1);
}

static void print_text(const struct ArrowArray *texts, int64_t at) {
    const int32_t *offsets = (const int32_t *)texts->buffers[1] + texts->offset + at;
    const char *bytes = texts->buffers[2];
    printf("%.*s", (int)(offsets[1] - offsets[0]), bytes + offsets[0]);
}

/* Prints rows, and releases them. */
static void print_rows(struct ArrowSchema *schema, struct ArrowArray *rows) {
    const struct ArrowArray *ids = column(schema, rows, "declaration_id");
    const struct ArrowArray *scores = column(schema, rows, "score");
    const struct ArrowArray *channels = column(schema, rows, "channel"); /* a dictionary with 32-bit keys */
    for (int64_t at = 0; at < rows->length; at++) {
        print_text(ids, at);
        printf(" ");
        print_text(channels->dictionary, ((const int32_t *)channels->buffers[1])[channels->offset + at]);
        printf(" %lld\n", (long long)((const int64_t *)scores->buffers[1])[scores->offset + at]);
    }
    rows->release(rows);
    schema->release(schema);
}

/* Ends the program with what an answer says, if something went wrong. Frees it otherwise. */
static void expect_ok(qingfeng_status status, qingfeng_text *answer) {
    if (status != QINGFENG_STATUS_OK) {
        fprintf(stderr, "%s\n", answer->bytes);
        exit(1);
    }
    qingfeng_text_free(answer);
}

static void assess_table(const qingfeng_engine *engine) {
    struct ArrowSchema schema, result_schema;
    struct ArrowArray table, result;
    qingfeng_text answer;
    make_schema(&schema);
    if (make_table(0, LINES, &table) != 0) {
        exit(1);
    }
    qingfeng_status status = qingfeng_assess_batch(engine, &schema, &table, 0, &result_schema, &result, &answer);
    schema.release(&schema); /* the table was taken, the schema was lent */
    expect_ok(status, &answer);
    print_rows(&result_schema, &result);
}

static void score_stream(const qingfeng_engine *engine) {
    struct ArrowArrayStream stream = {
        .get_schema = stream_schema,
        .get_next = stream_next,
        .get_last_error = stream_error,
        .release = release_stream,
        .private_data = calloc(1, sizeof(int)),
    };
    qingfeng_scoring *scoring;
    qingfeng_text answer;
    expect_ok(qingfeng_score_open(engine, &stream, 0, 0, &scoring, &answer), &answer);
    for (;;) {
        struct ArrowSchema schema;
        struct ArrowArray rows;
        expect_ok(qingfeng_score_next(scoring, &schema, &rows, &answer), &answer);
        if (rows.release == NULL) {
            break;
        }
        print_rows(&schema, &rows);
    }
    qingfeng_score_close(&scoring);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: table PACK\n");
        return 2;
    }
    qingfeng_engine *engine;
    qingfeng_text answer;
    expect_ok(qingfeng_open_directory(argv[1], strlen(argv[1]), NULL, 0, &engine, &answer), &answer);
    printf("as one table\n");
    assess_table(engine);
    printf("as a stream\n");
    score_stream(engine);
    qingfeng_close(&engine);
    return 0;
}
