/* Assesses and explains one declaration: assess PACK */
#include <stdio.h>
#include <string.h>

#include <qingfeng.h>

static const char DECLARATION[] =
    "{\"declaration_id\": \"530120160001\", \"mode\": \"0110\", \"destination\": \"KEN\","
    " \"items\": [{\"hs\": \"8711209000\", \"quantity\": 40, \"value\": 8000.0}]}";

/* Prints an answer and frees it. */
static int told(qingfeng_status status, qingfeng_text *answer) {
    FILE *out = status == QINGFENG_STATUS_OK ? stdout : stderr;
    fwrite(answer->bytes, 1, answer->length, out);
    fputc('\n', out);
    qingfeng_text_free(answer);
    return status == QINGFENG_STATUS_OK ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: assess PACK\n");
        return 2;
    }
    if (qingfeng_abi_version() != QINGFENG_ABI_VERSION) {
        fprintf(stderr, "the library is not the one of this header\n");
        return 2;
    }
    const char *path = argv[1];
    qingfeng_engine *engine;
    qingfeng_text answer;
    qingfeng_status status = qingfeng_open_directory(path, strlen(path), NULL, 0, &engine, &answer);
    if (status != QINGFENG_STATUS_OK) {
        return told(status, &answer);
    }
    qingfeng_text_free(&answer);

    int failed = 0;
    status = qingfeng_pack_id(engine, &answer);
    failed |= told(status, &answer);
    status = qingfeng_assess(engine, DECLARATION, strlen(DECLARATION), &answer);
    failed |= told(status, &answer);
    status = qingfeng_explain(engine, DECLARATION, strlen(DECLARATION), &answer);
    failed |= told(status, &answer);

    qingfeng_close(&engine);
    return failed;
}
