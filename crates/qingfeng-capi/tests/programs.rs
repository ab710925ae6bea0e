//! Programs in C, compiled without a warning and run.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use qingfeng::{Declaration, Engine, Item};
use qingfeng_capi::QINGFENG_ABI_VERSION;
use tempfile::TempDir;

use crate::battery::{command, compact};
use crate::support::{built, root};

/// A directory with the shared library, under the names by which it is linked and found, and programs.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = format!("libqingfeng_capi{}", std::env::consts::DLL_SUFFIX);
        let library = built().join("deps").join(&name);
        assert!(library.exists(), "{} is not there", library.display());
        symlink(&library, directory.path().join(&name)).unwrap();
        symlink(&library, directory.path().join(format!("{name}.{QINGFENG_ABI_VERSION}"))).unwrap();
        Self(directory)
    }

    /// Compiles a program and gives where it is.
    fn compile(&self, source: &str) -> PathBuf {
        let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = self.0.path().join(Path::new(source).file_stem().unwrap());
        let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        cc.args([
            "-std=c11",
            "-D_POSIX_C_SOURCE=200809L",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-pthread",
        ]);
        cc.arg("-I").arg(crate_root.join("include")).arg(crate_root.join(source)).arg("-o").arg(&program);
        cc.arg("-L").arg(self.0.path()).arg("-lqingfeng_capi");
        cc.arg(format!("-Wl,-rpath,{}", self.0.path().display()));
        let compiled = cc.output().expect("a C compiler: cc, or what CC names");
        assert!(compiled.status.success(), "{source}: {}", String::from_utf8_lossy(&compiled.stderr));
        program
    }
}

fn run(program: &Path, arguments: &[&Path]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// What a program prints, if it ends well.
fn printed(program: &Path, arguments: &[&Path]) -> String {
    let output = run(program, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn pack() -> PathBuf {
    root().join("rules/clean-wind")
}

#[test]
fn the_declaration_of_the_readme_has_the_answer_of_the_command() {
    let program = Bench::new();
    let program = (program.compile("examples/assess.c"), program);
    let printed = printed(&program.0, &[&pack()]);
    let [pack_id, assessment, explanation] = printed.lines().collect::<Vec<_>>()[..] else {
        panic!("{printed}")
    };
    let engine = Engine::open(pack()).unwrap();
    assert_eq!(pack_id, &**engine.pack_id());
    let goods = Item::new().with("hs", "8711209000").with("quantity", 40).with("value", 8000.0);
    let declaration = Declaration::new().with("declaration_id", "530120160001").with("mode", "0110");
    let declaration = declaration.with("destination", "KEN").item(goods);
    assert_eq!(assessment, serde_json::to_string(&engine.assess(&declaration).unwrap()).unwrap());

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("declaration.ndjson");
    std::fs::write(&file, serde_json::to_string(&declaration).unwrap()).unwrap();
    let file = file.to_str().unwrap();
    let explain = ["explain", "530120160001", file, "--rules", "rules/clean-wind", "--format", "json"];
    let (code, explained) = command(&explain);
    assert_eq!(code, Some(0));
    let explained = compact(&explained);
    assert_eq!(explained.strip_suffix(",\"rejects\":[]}"), explanation.strip_suffix('}'));
}

#[test]
fn a_table_and_a_stream_have_the_same_answer() {
    let bench = Bench::new();
    let printed = printed(&bench.compile("examples/table.c"), &[&pack()]);
    let (table, stream) = printed.split_once("as a stream\n").unwrap();
    let table = table.strip_prefix("as one table\n").unwrap();
    assert_eq!((table, table.lines().count()), (stream, 3));
    let document = std::fs::read_to_string(root().join("docs/c.md")).unwrap();
    assert!(document.contains(&printed), "docs/c.md does not show\n{printed}");
}

#[test]
fn every_misuse_has_its_status() {
    let bench = Bench::new();
    let bad_pack = tempfile::tempdir().unwrap();
    let manifest = "[pack]\nname = \"bad\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n";
    let rule = "rule(\"R\", #{ title: \"R\", score: 1, when: |d| d.colour == \"red\" });\n";
    std::fs::write(bad_pack.path().join("pack.toml"), manifest).unwrap();
    std::fs::write(bad_pack.path().join("rules.rhai"), rule).unwrap();
    let printed = printed(&bench.compile("tests/c/misuse.c"), &[&pack(), bad_pack.path()]);
    assert_eq!(printed, "every misuse has its status\n");
}

/// The blocks of C in the guide are parts of the programs that were compiled above.
#[test]
fn the_guide_shows_the_programs() {
    let text = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let programs = ["assess.c", "table.c", "assess.py"].map(|name| text(examples.join(name)));
    let guide = text(root().join("docs/c.md"));
    let fenced = guide.split("\n```").skip(1).step_by(2);
    let blocks: Vec<&str> = fenced
        .filter_map(|block| block.strip_prefix("c\n").or_else(|| block.strip_prefix("python\n")))
        .collect();
    assert!(blocks.len() >= 3, "{blocks:?}");
    for block in blocks {
        assert!(programs.iter().any(|program| program.contains(block)), "in no program:\n{block}");
    }
}
