/// The version of the interface that this header describes. Compare it with what `qingfeng_abi_version` gives: a program
/// and a library fit together if these two are equal.
///
/// Functions, flags, status codes and keys of JSON that are added leave it as it is. It goes up when something that a
/// compiled program relies on is taken away or changed.
pub const QINGFENG_ABI_VERSION: u32 = 1;
