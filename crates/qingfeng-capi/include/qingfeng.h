/*
 * Qingfeng: a risk-targeting rules engine for port inspection. MIT or Apache-2.0, as you choose.
 *
 * Made from the source by cbindgen. Do not edit it.
 *
 * Whose is what. What you pass is lent for the call, unless its description says that it is taken. What you are given is
 * yours: a qingfeng_text is freed with qingfeng_text_free, an engine closed with qingfeng_close, a scoring with
 * qingfeng_score_close, Arrow structures by their own `release`.
 *
 * Texts go by pointer and length. They need no zero byte at their end, and may be NULL where the length is 0. They are
 * UTF-8: a path that is not is refused, a message that is not is rejected as a declaration that cannot be read.
 *
 * Failures. Functions that can fail give a status, and through their last argument, which is a result otherwise, the problem:
 *
 *     {"status": "bad_pack", "message": TEXT, "diagnostics": [...], "rejects": [...]}
 *
 * `message` is for people. `diagnostics` are the mistakes of a pack as `qingfeng check --format json` has them, `rejects` the
 * lines of declarations that cannot be read. Free that text too. Keys may be added.
 *
 * Threads. Functions may be called from any thread and at once, also on one engine. No function calls exit, changes
 * signals or lets a panic out, and none prints, but for what Rust says of a panic on standard error: of a bug, and of Arrow
 * structures that are none. Where memory ends the process is aborted. After `fork` without `exec` use an engine only if no other thread was in this library.
 *
 * What is checked: NULL, handles that were closed or never given, lengths, UTF-8, flags, the insides of Arrow tables. What
 * cannot be checked, and is undefined: memory that is shorter than its length says, that is changed during a call, that is no
 * structure of its type; a qingfeng_text that was changed or freed by its copy.
 */

#ifndef QINGFENG_H
#define QINGFENG_H

#include <stddef.h>
#include <stdint.h>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

/* The Arrow C data interface, as https://arrow.apache.org/docs/format/CDataInterface.html has it. */
struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

/* The Arrow C stream interface, as https://arrow.apache.org/docs/format/CStreamInterface.html has it. */
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/**
 * The version of the interface that this header describes. Compare it with what `qingfeng_abi_version` gives: a program
 * and a library fit together if these two are equal.
 *
 * Functions, flags, status codes and keys of JSON that are added leave it as it is. It goes up when something that a
 * compiled program relies on is taken away or changed.
 */
#define QINGFENG_ABI_VERSION 1

/**
 * A row is a goods line, and not a declaration.
 */
#define QINGFENG_BY_ITEM 1

/**
 * Rows have the column `reasons`.
 */
#define QINGFENG_REASONS 2

/**
 * What became of a call. Later versions may have more of these: take one that you do not know as a failure.
 */
enum qingfeng_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * All went well.
   */
  QINGFENG_STATUS_OK = 0,
  /**
   * The call itself is wrong: a pointer is NULL that must not be, an engine or a scoring is not open, a path is not
   * UTF-8, a flag is not known. A mistake of the calling program.
   */
  QINGFENG_STATUS_BAD_ARGUMENT = 1,
  /**
   * The pack has mistakes; `diagnostics` has them all.
   */
  QINGFENG_STATUS_BAD_PACK = 2,
  /**
   * The pack cannot be read: there is no such directory, or a file of it may not be read. Another attempt may succeed.
   */
  QINGFENG_STATUS_UNREADABLE_PACK = 3,
  /**
   * The pack is not the one whose digest was asked for.
   */
  QINGFENG_STATUS_OTHER_DIGEST = 4,
  /**
   * The declaration cannot be assessed, since it is no JSON or has no readable id; `rejects` says what is wrong.
   */
  QINGFENG_STATUS_REJECTED = 5,
  /**
   * The table does not follow the Arrow C data interface, or its columns do not fit the pack's schema.
   */
  QINGFENG_STATUS_BAD_TABLE = 6,
  /**
   * The work broke off: the stream of tables failed, or there is too much text for one table.
   */
  QINGFENG_STATUS_FAILED = 7,
  /**
   * A bug of Qingfeng, which ended this call and nothing else. The engine can be used further; a scoring cannot.
   */
  QINGFENG_STATUS_PANICKED = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum qingfeng_status qingfeng_status;
#else
typedef int32_t qingfeng_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A pack that is open. It does not change, and any number of threads may use it at once. What the pointer points to is
 * none of your business: it is passed back to the functions of this header, and to nothing else. One that was closed, or
 * that no function gave, is found out and refused.
 */
typedef struct qingfeng_engine qingfeng_engine;

/**
 * A stream of tables that is being scored. One thread at a time may use it. As with an engine the pointer is passed back,
 * and one that was closed is refused.
 */
typedef struct qingfeng_scoring qingfeng_scoring;

/**
 * A text that a function gives: a result, or what went wrong. It is yours: read `length` bytes at `bytes`, then free it
 * with `qingfeng_text_free`, whatever the status was. It is UTF-8, and a zero byte follows it, which `length` does not
 * count. Do not change its members.
 */
typedef struct qingfeng_text {
  /**
   * Where it begins; NULL once it was freed.
   */
  const char *bytes;
  /**
   * The number of its bytes.
   */
  size_t length;
} qingfeng_text;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of this library, such as `0.1.0`. The text is part of the library: do not free it.
 */
const char *qingfeng_version(void);

/**
 * The version of the interface of this library: `QINGFENG_ABI_VERSION` of the header that belongs to it.
 */
uint32_t qingfeng_abi_version(void);

/**
 * Opens the pack in a directory: checks its files and reads its lookup tables. The lookup tables must be files of the
 * pack.
 *
 * `path`, `path_length`: the directory, UTF-8 on every system. Lent for the call.
 *
 * `digest`, `digest_length`: the digest that the pack must have, in hexadecimal as results name it; NULL and 0 if any will
 * do. Lent for the call.
 *
 * `engine`: where the engine is written; NULL is written where there is none. Close it with `qingfeng_close`.
 *
 * `answer`: where a text is written, which you free. On success `{"pack": ID, "digest": TEXT, "diagnostics": [...]}` with
 * the warnings about the pack, else the problem. May be NULL.
 */
qingfeng_status qingfeng_open_directory(const char *path,
                                        size_t path_length,
                                        const char *digest,
                                        size_t digest_length,
                                        struct qingfeng_engine **engine,
                                        struct qingfeng_text *answer);

/**
 * Opens the pack in a tar archive in memory, which may be packed with gzip or zstd. It holds the directory of one pack,
 * or its files.
 *
 * `archive`, `archive_length`: the bytes of the archive. Lent for the call.
 *
 * The others are as with `qingfeng_open_directory`.
 */
qingfeng_status qingfeng_open_archive(const uint8_t *archive,
                                      size_t archive_length,
                                      const char *digest,
                                      size_t digest_length,
                                      struct qingfeng_engine **engine,
                                      struct qingfeng_text *answer);

/**
 * The pack of an engine by name, version and digest: `clean-wind@2016.4#5d1f...`, as every result has it.
 *
 * `answer`: where the id is written, as plain text, or the problem. You free it.
 */
qingfeng_status qingfeng_pack_id(const struct qingfeng_engine *engine,
                                 struct qingfeng_text *answer);

/**
 * Assesses one declaration that is a JSON message: an object with its fields and `items`, or a flat one of one goods line.
 *
 * `json`, `json_length`: the message, UTF-8, 16 MiB at most. Lent for the call.
 *
 * `answer`: where the assessment is written, or the problem. You free it. `channel` and `score` are the decision, `items`
 * has what fired on each goods line, `notes` what was read and not understood, and where something cannot be read
 * `range` has what is possible.
 */
qingfeng_status qingfeng_assess(const struct qingfeng_engine *engine,
                                const char *json,
                                size_t json_length,
                                struct qingfeng_text *answer);

/**
 * Explains the decision about one declaration: each goods line with its values, each rule whose key fits it, each part
 * of the rule's condition with what it saw, and how points, ceiling and floor lead to the channel.
 *
 * The arguments are as with `qingfeng_assess`. The answer is that of `qingfeng explain --format json`, but for `rejects`.
 */
qingfeng_status qingfeng_explain(const struct qingfeng_engine *engine,
                                 const char *json,
                                 size_t json_length,
                                 struct qingfeng_text *answer);

/**
 * Assesses a table of whole declarations, one row a goods line, on the thread that calls. Columns are found by their names.
 * The lines of a declaration must stand together in this table: where one goes on in the next table, use
 * `qingfeng_score_open`, since here each part is assessed as if it were the whole. `scattered_declarations` counts those
 * of which two parts are in this table.
 *
 * `schema`: the type of the table, a struct of its columns. Lent for the call; it stays yours to release.
 *
 * `array`: the rows. They are taken: whatever the status, `array->release` is NULL afterwards and the rows are released,
 * during the call. (Not if `array` is NULL.) Offsets, texts and keys of dictionaries are looked through before they are
 * used; that buffers are as long as the interface demands cannot be seen, and is yours to ensure.
 *
 * `flags`: `QINGFENG_BY_ITEM`, `QINGFENG_REASONS`, both or 0.
 *
 * `result_schema`, `result`: where the assessments are written, a struct of columns with a row for each declaration, or
 * for each line. They are yours to release. What stands there before is not looked at. If the status is not
 * `QINGFENG_STATUS_OK`, `release` of both is NULL. `result` may be the same as `array`, `result_schema` not as `schema`.
 *
 * `answer`: where a text is written, which you free: `{"rejects": [...], "scattered_declarations": N, "notes": {...}}` with
 * what could not be read or understood, or the problem. May be NULL.
 */
qingfeng_status qingfeng_assess_batch(const struct qingfeng_engine *engine,
                                      const struct ArrowSchema *schema,
                                      struct ArrowArray *array,
                                      uint32_t flags,
                                      struct ArrowSchema *result_schema,
                                      struct ArrowArray *result,
                                      struct qingfeng_text *answer);

/**
 * Begins to score tables of any number, the parts of one table: a declaration may go on from one to the next. They are read
 * while results are asked for, so that memory does not grow with them.
 *
 * `stream`: the tables, each a struct of columns. It is taken: whatever the status, `stream->release` is NULL afterwards.
 * (Not if `stream` is NULL.) Its functions are called by this library's threads, by one at a time, during
 * `qingfeng_score_open`, `qingfeng_score_next` and `qingfeng_score_close`; tables are released there too.
 *
 * `flags`: as with `qingfeng_assess_batch`.
 *
 * `threads`: the number of threads that score; 0 for one for each processor. No result depends on it.
 *
 * `scoring`: where the scoring is written; NULL is written where there is none. Close it with `qingfeng_score_close`. It
 * goes on if the engine is closed meanwhile.
 *
 * `answer`: where the problem is written, or an empty object. You free it. May be NULL.
 */
qingfeng_status qingfeng_score_open(const struct qingfeng_engine *engine,
                                    struct ArrowArrayStream *stream,
                                    uint32_t flags,
                                    uint32_t threads,
                                    struct qingfeng_scoring **scoring,
                                    struct qingfeng_text *answer);

/**
 * Scores the next declarations.
 *
 * `result_schema`, `result`: where their assessments are written, as with `qingfeng_assess_batch`. There may be no rows
 * in them. When all was scored, `result->release` is NULL, and the status is `QINGFENG_STATUS_OK`.
 *
 * `answer`: where a text is written, which you free: `{"rejects": [...], "summary": null}` with the lines that could not be
 * read, at the end with the summary of `qingfeng score --summary`, or the problem. A scoring that failed gives nothing
 * more; what it gave before is right. May be NULL.
 */
qingfeng_status qingfeng_score_next(const struct qingfeng_scoring *scoring,
                                    struct ArrowSchema *result_schema,
                                    struct ArrowArray *result,
                                    struct qingfeng_text *answer);

/**
 * Closes a scoring and releases its stream, be it at its end or not, and writes NULL in its place. It does nothing if
 * `scoring` is NULL, or what stands there is NULL or was closed.
 */
void qingfeng_score_close(struct qingfeng_scoring **scoring);

/**
 * Closes an engine, and writes NULL in its place. Calls that are under way in other threads end as if it were open. It does
 * nothing if `engine` is NULL, or what stands there is NULL or was closed.
 */
void qingfeng_close(struct qingfeng_engine **engine);

/**
 * Frees a text that a function gave, and leaves an empty one in its place. It does nothing if `text` is NULL or the text
 * was freed. A copy of the structure is the same text: free one of them.
 */
void qingfeng_text_free(struct qingfeng_text *text);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QINGFENG_H */
