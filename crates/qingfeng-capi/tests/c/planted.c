/* Faults planted on purpose, so that `.ci/c` can show that its tools find them: planted PACK leak|beyond */
#include <stdlib.h>
#include <string.h>

#include <qingfeng.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        return 2;
    }
    qingfeng_text answer;
    qingfeng_engine *engine;
    if (qingfeng_open_directory(argv[1], strlen(argv[1]), NULL, 0, &engine, &answer) != QINGFENG_STATUS_OK) {
        return 2;
    }
    qingfeng_text_free(&answer);
    char *message = malloc(2);
    if (message == NULL) {
        return 2;
    }
    memcpy(message, "{}", 2);
    /* A length beyond the message is read by the library. */
    size_t length = strcmp(argv[2], "beyond") == 0 ? 9 : 2;
    qingfeng_assess(engine, message, length, &answer);
    if (strcmp(argv[2], "leak") == 0) {
        /* The only pointer to the text is lost. */
        memset(&answer, 0, sizeof answer);
    }
    qingfeng_text_free(&answer);
    qingfeng_close(&engine);
    free(message);
    return 0;
}
