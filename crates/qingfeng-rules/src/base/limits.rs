//! What is bounded, and by how much. Rule files come from outside; nothing they do runs without a bound.
//!
//! Rhai bounds operations, call levels and the sizes of most values. It does not check the value that an
//! assignment into a map or an array makes (`m[k] = v`, `m.k = v`), so such assignments are not part of the
//! language (see `syntax`); and its own library can allocate without a check, so none of it is registered: the
//! functions of the language are our own and check what they make (see `functions` and `interpret`).

/// The largest file of a pack, in bytes (lookup tables aside).
pub const FILE_BYTES_MAX: usize = 16 << 20;
/// The most bytes that the files of a pack may have together (lookup tables and tests aside).
pub const PACK_BYTES_MAX: usize = 64 << 20;
/// The largest file of a lookup table, in bytes.
pub const LOOKUP_BYTES_MAX: usize = 1 << 30;
/// The most rule files in a pack.
pub const FILES_MAX: usize = 10_000;
/// The most rules in a pack.
pub const RULES_MAX: usize = 100_000;
/// Operations that the top level of one file may take.
pub const FILE_OPERATIONS_MAX: u64 = 20_000_000;
/// Operations that the top levels of all files of a pack may take together.
pub const PACK_OPERATIONS_MAX: u64 = 100_000_000;
/// The most bytes that the rules of a pack may hold: those of their texts, and [`VALUE_BYTES`] for each value. What
/// closures capture counts once, however many rules capture it.
pub const PACK_HELD_MAX: usize = 64 << 20;
/// What a value counts for besides its text.
pub const VALUE_BYTES: usize = 64;
/// The most values that closures may capture, those within lists and maps counted for each rule, and 64 bytes of text as
/// one.
pub const PACK_CAPTURED_MAX: usize = 20_000_000;
/// The most parts that the closures of a pack may have, counted for each rule.
pub const PACK_PARTS_MAX: usize = 2_000_000;
/// The most parts of closures that are compiled, functions and loops written out; further closures are interpreted.
pub const COMPILED_PARTS_MAX: usize = 3_000_000;
/// The most steps that reading a file as a whole may take, where it cannot be read rule by rule: for each word of the file
/// all functions and closures before it are looked through.
pub const FILE_PARSE_STEPS_MAX: u64 = 5_000_000_000;
/// Operations that one closure may take on one line.
pub const LINE_OPERATIONS_MAX: u64 = 20_000;
/// How deep functions may call each other.
pub const CALL_LEVELS_MAX: usize = 16;
/// How deep expressions may nest.
pub const EXPRESSION_DEPTH_MAX: usize = 96;
/// How many variables may live at once.
pub const VARIABLES_MAX: usize = 128;
/// How many variables may live at once at the top level of a file.
pub const FILE_VARIABLES_MAX: usize = 1_000;
/// The longest text, in bytes, that a rule may make; the sum over an array or a map counts.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// The most elements of an array; those of arrays inside count.
pub const ARRAY_LEN_MAX: usize = 10_000;
/// The most entries of a map; those of maps inside count.
pub const MAP_LEN_MAX: usize = 10_000;
/// The most points, up or down, that one rule may give.
pub const POINTS_MAX: i64 = 1_000_000;
/// The longest reason, in characters; what is beyond is cut.
pub const REASON_CHARS_MAX: usize = 1_000;
/// The longest id of a rule, in characters.
pub const RULE_ID_CHARS_MAX: usize = 64;
/// The most tests of rules in a pack.
pub const TESTS_MAX: usize = 20_000;
/// The most goods lines of one test.
pub const TEST_LINES_MAX: usize = 1_000;
/// The most that the tests of one file may hold: bytes of text, and values.
pub const TEST_FILE_WEIGHT_MAX: usize = 64 << 20;
/// The most tables in `expect.toml`.
pub const EXPECTATIONS_MAX: usize = 10_000;
/// The largest compiled regular expression, in bytes.
pub const REGEX_BYTES_MAX: usize = 1 << 20;
/// The most codes that the comments of a pack may allow.
pub const SUPPRESSIONS_MAX: usize = 10_000;
