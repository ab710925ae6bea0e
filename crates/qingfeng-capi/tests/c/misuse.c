/* What callers do wrong, and what hostile inputs do: each gives its status, and nothing is read or freed that must not
 * be. misuse PACK BAD_PACK. It is run as it is, by valgrind, and with the sanitizers of gcc. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qingfeng.h>

static int failed;

#define EXPECT(what)                                                              \
    do {                                                                          \
        if (!(what)) {                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
            failed = 1;                                                           \
        }                                                                         \
    } while (0)

/* That a call had this status and says this, and that its text is well formed. Frees the text, twice. */
static void expect(int line, qingfeng_status found, qingfeng_status wanted, qingfeng_text *answer, const char *says) {
    if (found != wanted || answer->bytes == NULL || strstr(answer->bytes, says) == NULL) {
        fprintf(stderr, "line %d: status %d, not %d, or does not say %s: %s\n", line, (int)found, (int)wanted, says,
                answer->bytes == NULL ? "(nothing)" : answer->bytes);
        failed = 1;
    }
    EXPECT(answer->bytes != NULL && answer->bytes[answer->length] == '\0' && strlen(answer->bytes) == answer->length);
    qingfeng_text_free(answer);
    EXPECT(answer->bytes == NULL && answer->length == 0);
    qingfeng_text_free(answer);
}

#define SAYS(call, wanted, says) expect(__LINE__, (call), (wanted), &answer, (says))

#define BAD QINGFENG_STATUS_BAD_ARGUMENT

static const char MESSAGE[] =
    "{\"declaration_id\": \"D1\", \"mode\": \"0110\", \"destination\": \"KE\", \"items\": [{\"hs\": \"8711209000\"}]}";

/* Bytes behind which nothing can be read: the tools see each read beyond them. */
static char *exact(const void *bytes, size_t length) {
    char *copy = malloc(length == 0 ? 1 : length);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, bytes, length);
    return copy;
}

static void opening(const char *pack, const char *bad_pack) {
    qingfeng_text answer;
    qingfeng_engine *engine = (qingfeng_engine *)(uintptr_t)77;
    size_t length = strlen(pack);
    SAYS(qingfeng_open_directory(NULL, 0, NULL, 0, &engine, &answer), BAD, "`path` is empty");
    SAYS(qingfeng_open_directory(NULL, 5, NULL, 0, &engine, &answer), BAD, "`path` is NULL");
    SAYS(qingfeng_open_directory(pack, (size_t)-1, NULL, 0, &engine, &answer), BAD, "is the length negative?");
    SAYS(qingfeng_open_directory("caf\xe9", 4, NULL, 0, &engine, &answer), BAD, "not UTF-8 after byte 3");
    SAYS(qingfeng_open_directory("a\0b", 3, NULL, 0, &engine, &answer), QINGFENG_STATUS_UNREADABLE_PACK, "QF0001");
    SAYS(qingfeng_open_directory("no/where", 8, NULL, 0, &engine, &answer), QINGFENG_STATUS_UNREADABLE_PACK, "QF0001");
    EXPECT(engine == NULL);
    SAYS(qingfeng_open_directory(pack, length, NULL, 0, NULL, &answer), BAD, "`engine` is NULL");
    SAYS(qingfeng_open_directory(pack, length, "\xff", 1, &engine, &answer), BAD, "`digest` is not UTF-8");
    SAYS(qingfeng_open_directory(pack, length, "5d1f", 4, &engine, &answer), QINGFENG_STATUS_OTHER_DIGEST, "not 5d1f");
    SAYS(qingfeng_open_directory(bad_pack, strlen(bad_pack), NULL, 0, &engine, &answer), QINGFENG_STATUS_BAD_PACK,
         "\"code\":\"QF0201\"");
    EXPECT(engine == NULL);
    EXPECT(qingfeng_open_directory("no/where", 8, NULL, 0, &engine, NULL) == QINGFENG_STATUS_UNREADABLE_PACK);
    EXPECT(qingfeng_open_directory(NULL, 0, NULL, 0, NULL, NULL) == BAD);

    SAYS(qingfeng_open_archive(NULL, 0, NULL, 0, &engine, &answer), QINGFENG_STATUS_BAD_PACK, "pack.toml");
    SAYS(qingfeng_open_archive(NULL, 9, NULL, 0, &engine, &answer), BAD, "`archive` is NULL");
    char *noise = exact("\x1f\x8b\x08 this is no archive at all", 29);
    SAYS(qingfeng_open_archive((const uint8_t *)noise, 29, NULL, 0, &engine, &answer), QINGFENG_STATUS_BAD_PACK, "archive");
    EXPECT(engine == NULL);
    free(noise);
}

static void without_engine(void) {
    qingfeng_text answer;
    qingfeng_engine *engine = NULL;
    SAYS(qingfeng_pack_id(NULL, &answer), BAD, "no open engine");
    SAYS(qingfeng_assess(NULL, MESSAGE, strlen(MESSAGE), &answer), BAD, "no open engine");
    SAYS(qingfeng_explain(NULL, MESSAGE, strlen(MESSAGE), &answer), BAD, "no open engine");
    /* A pointer that no function gave is not followed. */
    SAYS(qingfeng_assess((qingfeng_engine *)(uintptr_t)0xdeadbeef, MESSAGE, strlen(MESSAGE), &answer), BAD, "no open engine");
    SAYS(qingfeng_score_next(NULL, &(struct ArrowSchema){0}, &(struct ArrowArray){0}, &answer), BAD, "`scoring` is not open");
    qingfeng_close(NULL);
    qingfeng_close(&engine);
    qingfeng_score_close(NULL);
    qingfeng_text_free(NULL);
}

static void messages(const qingfeng_engine *engine) {
    qingfeng_text answer;
    EXPECT(qingfeng_assess(engine, MESSAGE, strlen(MESSAGE), NULL) == BAD);
    EXPECT(qingfeng_pack_id(engine, NULL) == BAD);
    SAYS(qingfeng_assess(engine, NULL, 4, &answer), BAD, "`json` is NULL");
    SAYS(qingfeng_assess(engine, MESSAGE, (size_t)-1, &answer), BAD, "is the length negative?");

    static const struct { const char *bytes; size_t length; } REJECTED[] = {
        {"", 0}, {" ", 1}, {"{", 1}, {"}", 1}, {"[]", 2}, {"null", 4}, {"7", 1}, {"\"text\"", 6}, {"{}", 2}, {"{\"items\": []}", 13},
        {"{} {}", 5}, {"\0", 1}, {"{\0}", 3}, {"\xff\xfe{", 3}, {"{\"declaration_id\": \"\xff\"}", 22}, {"\xef\xbb\xbf", 3},
        {"{\"declaration_id\": \"\\ud800\"}", 28}, {"{\"declaration_id\": }", 20},
    };
    for (size_t at = 0; at < sizeof REJECTED / sizeof *REJECTED; at++) {
        char *bytes = exact(REJECTED[at].bytes, REJECTED[at].length);
        SAYS(qingfeng_assess(engine, bytes, REJECTED[at].length, &answer), QINGFENG_STATUS_REJECTED, "\"rejects\":[{");
        SAYS(qingfeng_explain(engine, bytes, REJECTED[at].length, &answer), QINGFENG_STATUS_REJECTED, "\"rejects\":[{");
        free(bytes);
    }
    /* Each beginning of a message, with nothing behind it, and each message with one byte spoilt. */
    size_t length = strlen(MESSAGE);
    for (size_t end = 0; end < length; end++) {
        char *bytes = exact(MESSAGE, end);
        SAYS(qingfeng_assess(engine, bytes, end, &answer), QINGFENG_STATUS_REJECTED, "\"status\":\"rejected\"");
        free(bytes);
    }
    for (size_t at = 0; at < length; at++) {
        char *bytes = exact(MESSAGE, length);
        bytes[at] = (char)0xc0;
        qingfeng_status status = qingfeng_assess(engine, bytes, length, &answer);
        EXPECT(status == QINGFENG_STATUS_OK || status == QINGFENG_STATUS_REJECTED);
        qingfeng_text_free(&answer);
        free(bytes);
    }
    /* Lists and objects in each other, many times over. */
    for (int kind = 0; kind < 2; kind++) {
        const char *piece = kind == 0 ? "[" : "{\"items\":";
        size_t times = 100000, width = strlen(piece);
        char *deep = malloc(times * width);
        if (deep == NULL) {
            abort();
        }
        for (size_t at = 0; at < times; at++) {
            memcpy(deep + at * width, piece, width);
        }
        SAYS(qingfeng_assess(engine, deep, times * width, &answer), QINGFENG_STATUS_REJECTED, "\"rejects\":[{");
        free(deep);
    }
    /* One byte more than a message may have. */
    size_t large = (16u << 20) + 1;
    char *spaces = malloc(large);
    if (spaces == NULL) {
        abort();
    }
    memset(spaces, ' ', large);
    memcpy(spaces, MESSAGE, length);
    SAYS(qingfeng_assess(engine, spaces, large, &answer), QINGFENG_STATUS_REJECTED, "\"too_long\"");
    free(spaces);
}

/* How many arrays, schemas and streams were made and not released. */
static int held;

static void release_array(struct ArrowArray *array) {
    held--;
    array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
    held--;
    schema->release = NULL;
}

static void release_child(struct ArrowArray *array) { array->release = NULL; }
static void release_child_schema(struct ArrowSchema *schema) { schema->release = NULL; }

/* A table of one column of texts, to be spoilt. */
struct table {
    struct ArrowSchema schema, column_schema, *schemas[1];
    struct ArrowArray array, column, *columns[1];
    const void *row_buffers[1], *buffers[3];
    int32_t offsets[3];
    uint8_t bits[1];
};

static void make(struct table *table) {
    memset(table, 0, sizeof *table);
    table->column_schema = (struct ArrowSchema){.format = "u", .name = "declaration_id", .release = release_child_schema};
    table->schemas[0] = &table->column_schema;
    table->schema = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = 1, .children = table->schemas, .release = release_schema};
    table->offsets[1] = 1;
    table->offsets[2] = 2;
    table->bits[0] = 1;
    table->buffers[1] = table->offsets;
    table->buffers[2] = "AB";
    table->column = (struct ArrowArray){.length = 2, .n_buffers = 3, .buffers = table->buffers, .release = release_child};
    table->columns[0] = &table->column;
    table->array = (struct ArrowArray){.length = 2, .n_buffers = 1, .n_children = 1, .buffers = table->row_buffers,
                                       .children = table->columns, .release = release_array};
    held += 2;
}

static void expect_bad_table(int line, const qingfeng_engine *engine, struct table *table, const char *says) {
    struct ArrowSchema schema;
    struct ArrowArray rows;
    qingfeng_text answer;
    memset(&schema, 0xa5, sizeof schema);
    memset(&rows, 0xa5, sizeof rows);
    qingfeng_status status = qingfeng_assess_batch(engine, &table->schema, &table->array, 0, &schema, &rows, &answer);
    expect(line, status, QINGFENG_STATUS_BAD_TABLE, &answer, says);
    EXPECT(table->array.release == NULL && schema.release == NULL && rows.release == NULL);
    table->schema.release(&table->schema);
    EXPECT(held == 0);
}

#define BAD_TABLE(says) expect_bad_table(__LINE__, engine, &table, (says))

static void tables(const qingfeng_engine *engine) {
    qingfeng_text answer;
    struct table table;
    struct ArrowSchema schema;
    struct ArrowArray rows;

    /* What is NULL, and what is taken all the same. */
    make(&table);
    SAYS(qingfeng_assess_batch(NULL, &table.schema, &table.array, 0, &schema, &rows, &answer), BAD, "no open engine");
    EXPECT(table.array.release == NULL && table.schema.release != NULL && rows.release == NULL);
    SAYS(qingfeng_assess_batch(engine, &table.schema, &table.array, 0, &schema, &rows, &answer), BAD, "released before");
    SAYS(qingfeng_assess_batch(engine, &table.schema, NULL, 0, &schema, &rows, &answer), BAD, "NULL");
    table.schema.release(&table.schema);
    make(&table);
    SAYS(qingfeng_assess_batch(engine, NULL, &table.array, 0, &schema, &rows, &answer), BAD, "NULL");
    table.schema.release(&table.schema);
    make(&table);
    SAYS(qingfeng_assess_batch(engine, &table.schema, &table.array, 0, NULL, &rows, &answer), BAD, "`result_schema` is NULL");
    table.schema.release(&table.schema);
    make(&table);
    SAYS(qingfeng_assess_batch(engine, &table.schema, &table.array, 0, &schema, NULL, &answer), BAD, "`result` is NULL");
    table.schema.release(&table.schema);
    make(&table);
    SAYS(qingfeng_assess_batch(engine, &table.schema, &table.array, 0, &table.schema, &rows, &answer), BAD, "are the same");
    EXPECT(rows.release == NULL && table.array.release == NULL);
    table.schema.release(&table.schema);
    make(&table);
    table.column.length = 1; /* the rows are taken, so their place is free for results */
    SAYS(qingfeng_assess_batch(engine, &table.schema, &table.array, 0, &schema, &table.array, &answer),
         QINGFENG_STATUS_BAD_TABLE, "cannot be taken over");
    EXPECT(table.array.release == NULL);
    table.schema.release(&table.schema);
    make(&table);
    SAYS(qingfeng_assess_batch(engine, &table.schema, &table.array, 64, &schema, &rows, &answer), BAD, "0x40");
    table.schema.release(&table.schema);
    EXPECT(held == 0);

    /* Tables that are none. */
    make(&table);
    BAD_TABLE("no column for");
    make(&table);
    table.schema.format = "u";
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.schema.format = "no such format";
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.schema.format = NULL;
    BAD_TABLE("does not follow the interface");
    make(&table);
    table.schema.n_children = 0;
    BAD_TABLE("1 columns are 0 by their schema");
    make(&table);
    table.column_schema.format = "+s";
    table.column_schema.n_children = table.column.n_children = 1;
    table.column_schema.children = table.schemas;
    table.column.children = table.columns; /* a column that is its own column */
    BAD_TABLE("more than 64 deep");
    make(&table);
    table.array.length = -1;
    table.column.length = -1;
    BAD_TABLE("below zero");
    make(&table);
    table.column.length = -1;
    BAD_TABLE("below zero");
    make(&table);
    table.column.offset = INT64_MAX;
    BAD_TABLE("too large");
    make(&table);
    table.column.length = INT64_C(1) << 33;
    BAD_TABLE("too large");
    make(&table);
    table.column.length = 1;
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.columns[0] = NULL;
    BAD_TABLE("does not follow the interface");
    make(&table);
    table.array.children = NULL;
    BAD_TABLE("does not follow the interface");
    make(&table);
    table.column.n_buffers = 2;
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.column.n_buffers = -1;
    BAD_TABLE("too many buffers");
    make(&table);
    table.column.buffers = NULL;
    BAD_TABLE("does not follow the interface");
    make(&table);
    table.buffers[1] = NULL;
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.buffers[2] = "\xff\xff";
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.offsets[1] = 5;
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.offsets[1] = -1;
    BAD_TABLE("cannot be taken over");
    make(&table);
    table.offsets[2] = -1;
    BAD_TABLE("a text ends before it begins");
    make(&table);
    table.column_schema.format = "vu";
    table.column.n_buffers = 2;
    BAD_TABLE("too few buffers");
    make(&table);
    table.column_schema.format = "vu"; /* two views of 16 bytes, a buffer of texts, the lengths of such buffers */
    table.buffers[1] = (const char[32]){0};
    table.column.n_buffers = 4;
    table.column.buffers = (const void *[4]){NULL, table.buffers[1], "AB", (const int64_t[1]){-1}};
    BAD_TABLE("a text ends before it begins");
    make(&table);
    table.column_schema.format = "vu";
    table.column.n_buffers = 4;
    table.column.buffers = (const void *[4]){NULL, (const char[32]){0}, "AB", NULL};
    BAD_TABLE("a text ends before it begins");
    make(&table);
    table.column.dictionary = &table.column;
    BAD_TABLE("a dictionary is missing, or is not in the schema");
    make(&table);
    table.row_buffers[0] = table.bits;
    table.array.null_count = 1;
    BAD_TABLE("null as a whole");
    make(&table);
    table.row_buffers[0] = table.bits;
    table.array.null_count = -1; /* to be counted */
    BAD_TABLE("null as a whole");
}

static int stream_fails(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    (void)stream;
    (void)out;
    return 5;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    struct table *table = stream->private_data;
    make(table);
    *out = table->schema;
    held--; /* the rows are not given yet */
    return 0;
}

static int stream_next_fails(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    (void)stream;
    (void)out;
    return 5;
}

static int stream_next_broken(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    struct table *table = stream->private_data;
    *out = table->array;
    out->length = -1;
    held++;
    return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the line was \xff cut";
}

static void release_stream(struct ArrowArrayStream *stream) {
    held--;
    stream->release = NULL;
}

static void streams(const qingfeng_engine *engine) {
    qingfeng_text answer;
    struct ArrowSchema schema;
    struct ArrowArray rows;
    struct table table;
    qingfeng_scoring *scoring = (qingfeng_scoring *)(uintptr_t)1;
    struct ArrowArrayStream none = {0};
    SAYS(qingfeng_score_open(engine, NULL, 0, 1, &scoring, &answer), BAD, "`stream` is NULL");
    EXPECT(scoring == NULL);
    SAYS(qingfeng_score_open(engine, &none, 0, 1, &scoring, &answer), BAD, "released before");

    struct ArrowArrayStream whole = {.get_schema = stream_schema, .get_next = stream_next_fails,
                                     .get_last_error = stream_error, .release = release_stream, .private_data = &table};
    struct ArrowArrayStream stream = whole;
    held++;
    SAYS(qingfeng_score_open(NULL, &stream, 0, 1, &scoring, &answer), BAD, "no open engine");
    EXPECT(held == 0 && stream.release == NULL);
    stream = whole;
    held++;
    SAYS(qingfeng_score_open(engine, &stream, 0, 1, NULL, &answer), BAD, "`scoring` is NULL");
    stream = whole;
    held++;
    SAYS(qingfeng_score_open(engine, &stream, 4, 1, &scoring, &answer), BAD, "0x4");
    EXPECT(held == 0);
    stream = whole;
    stream.get_schema = stream_fails;
    held++;
    SAYS(qingfeng_score_open(engine, &stream, 0, 1, &scoring, &answer), QINGFENG_STATUS_BAD_TABLE, "the line was");
    stream = whole;
    stream.get_schema = NULL;
    held++;
    SAYS(qingfeng_score_open(engine, &stream, 0, 1, &scoring, &answer), QINGFENG_STATUS_BAD_TABLE, "get_schema");
    EXPECT(held == 0 && scoring == NULL);

    for (int broken = 0; broken < 2; broken++) {
        stream = whole;
        stream.get_next = broken ? stream_next_broken : stream_next_fails;
        held++;
        SAYS(qingfeng_score_open(engine, &stream, 0, 1, &scoring, &answer), QINGFENG_STATUS_OK, "{}");
        SAYS(qingfeng_score_next(scoring, NULL, &rows, &answer), BAD, "`result_schema` is NULL");
        SAYS(qingfeng_score_next(scoring, &schema, &rows, &answer), QINGFENG_STATUS_FAILED,
             broken ? "below zero" : "the line was");
        EXPECT(rows.release == NULL && schema.release == NULL);
        SAYS(qingfeng_score_next(scoring, &schema, &rows, &answer), BAD, "failed before");
        qingfeng_scoring *copy = scoring;
        qingfeng_score_close(&scoring);
        EXPECT(scoring == NULL && held == 0);
        qingfeng_score_close(&scoring);
        SAYS(qingfeng_score_next(copy, &schema, &rows, &answer), BAD, "`scoring` is not open");
        qingfeng_score_close(&copy);
    }
}

/* An engine that one thread closes while others use it: each call is answered or refused. */
struct shared {
    qingfeng_engine *engine;
    int assessed, refused;
};

static void *use(void *argument) {
    struct shared *mine = argument;
    for (int time = 0; time < 40; time++) {
        qingfeng_text answer;
        switch (qingfeng_assess(mine->engine, MESSAGE, strlen(MESSAGE), &answer)) {
        case QINGFENG_STATUS_OK:
            mine->assessed++;
            break;
        case QINGFENG_STATUS_BAD_ARGUMENT:
            mine->refused++;
            break;
        default:
            mine->assessed = -1000;
        }
        qingfeng_text_free(&answer);
        if (time == 20) {
            qingfeng_engine *copy = mine->engine;
            qingfeng_close(&copy);
        }
    }
    return NULL;
}

static void threads(qingfeng_engine *engine) {
    enum { THREADS = 4 };
    pthread_t started[THREADS];
    struct shared shared[THREADS];
    for (int at = 0; at < THREADS; at++) {
        shared[at] = (struct shared){.engine = engine};
        EXPECT(pthread_create(&started[at], NULL, use, &shared[at]) == 0);
    }
    for (int at = 0; at < THREADS; at++) {
        EXPECT(pthread_join(started[at], NULL) == 0);
        EXPECT(shared[at].assessed + shared[at].refused == 40);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: misuse PACK BAD_PACK\n");
        return 2;
    }
    EXPECT(qingfeng_abi_version() == QINGFENG_ABI_VERSION);
    EXPECT(qingfeng_version() != NULL && strchr(qingfeng_version(), '.') != NULL);
    opening(argv[1], argv[2]);
    without_engine();

    qingfeng_text answer;
    qingfeng_engine *engine;
    SAYS(qingfeng_open_directory(argv[1], strlen(argv[1]), NULL, 0, &engine, &answer), QINGFENG_STATUS_OK, "\"diagnostics\":");
    messages(engine);
    tables(engine);
    streams(engine);
    threads(engine);

    /* Closed by the threads; once more, in the place where it was written. */
    SAYS(qingfeng_assess(engine, MESSAGE, strlen(MESSAGE), &answer), BAD, "no open engine");
    qingfeng_close(&engine);
    EXPECT(engine == NULL);
    qingfeng_close(&engine);
    if (!failed) {
        printf("every misuse has its status\n");
    }
    return failed;
}
