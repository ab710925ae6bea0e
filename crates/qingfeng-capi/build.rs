//! Names the shared library by the version of its interface, so that a program finds one that it fits.

// The header has the same number: it is made from this file.
include!("src/abi.rs");

fn main() {
    println!("cargo::rerun-if-changed=src/abi.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libqingfeng_capi.so.{QINGFENG_ABI_VERSION}");
    }
}
