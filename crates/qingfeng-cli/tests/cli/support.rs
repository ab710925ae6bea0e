//! A directory with a pack and declarations, the command run in it, and golden texts.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The golden texts are compared as they stand; with this set in the environment they are written again.
pub const BLESS: &str = "QINGFENG_BLESS";

const MANIFEST: &str = r#"
# qingfeng: allow QF1504 because each test of the command brings the tests it needs
[pack]
name = "harbour"
version = "3"
[schema]
extends = "export"
[schema.fields.sealed]
kind = "flag"
title = "container sealed by customs"
title_zh = "海关封志"
columns = ["Sealed"]
[schema.fields.plates]
kind = "integer"
unit = "pieces"
title = "number plates"
min = 0
max = 100
[[channels]]
name = "green"
from = 0
title = "release"
[[channels]]
name = "blue"
from = 20
[[channels]]
name = "yellow"
from = 40
title = "documents"
[[channels]]
name = "red"
from = 70
title = "open the goods"
[score]
cap = 100
[on_fault]
at_least = "yellow"
[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
from = "listed_on"
[lookups.blacklist.columns]
grade = "text"
"#;

const RULES: &str = r#"
const LOW_PRICE = 300.0;
field("cheap", |d| d.unit_value < LOW_PRICE);

// qingfeng: allow QF1401 because lines without a quantity or a value are stopped at the counter
rule("PRICE", #{
    title: "Motorcycles far below the usual price, no brand",
    region: ["africa", "FJ"], commodity: "motorcycles", mode: "general",
    from: "2016-01-01",
    score: 35,
    when: |d| d.brand == () && d.cheap,
    reason: |d| `unit value ${d.unit_value} USD, no brand`,
    basis: "Notice 31 of 2016", owner: "harbour office", tags: ["price"],
});
// qingfeng: allow QF1401 because no declaration is taken without an exporter
rule("BLACK", #{
    title: "Exporter on the blacklist",
    score: |d| if d.lookup("blacklist").grade == "A" { 50 } else { 30 },
    at_least: "yellow",
    when: |d| d.listed("blacklist"),
    reason: |d| `exporter ${d.exporter}`,
});
// qingfeng: allow QF1601 because sealed containers are few
rule("TRUST", #{
    title: "Sealed by customs, and nothing against the exporter",
    score: -10, at_most: "blue",
    when: |d| d.sealed == true && (!d.listed("blacklist") || d.plates > 50),
});
"#;

const MORE_RULES: &str = r#"
// qingfeng: allow QF1401 because packages are counted at the gate
rule("PARITY", #{
    title: "Packages by the dozen",
    commodity: ["batteries"],
    score: 5,
    when: |d| 12 % (d.packages - 3) == 0,
});
rule("BORDER", #{ title: "Any goods over the land border", site: ["khorgos", "border"], score: 2 });
rule("TRIAL", #{ title: "Batteries without a certificate", status: "shadow", commodity: ["8507"], score: 15,
    when: |d| d.certificate == () });
// qingfeng: allow QF1302, QF1401 because the survey may come again
rule("GONE", #{ title: "Survey of 2015", until: "2015-12-31", score: 8, when: |d| d.quantity > 1.0 });
rule("IDEA", #{ title: "Perhaps later", status: "draft", score: 1 });
rule("PAST", #{ title: "Kept for the record", status: "retired", score: 1 });
"#;

/// Six declarations on nine lines: one rejected line, one declaration that is scattered.
pub const DECLARATIONS: &str = "\
declaration_id,item_no,declared_on,port,destination,mode,exporter,hs,goods,brand,quantity,packages,value,certificate,sealed,plates,Colour
D1,1,2016-03-01,CNSHA,KE,0110,E1,8711209000,motorcycle 125 cc,,10,10,2000,,no,,red
D1,2,2016-03-01,CNSHA,KE,0110,E1,8507600000,lithium battery,VOLT,100,3,500,C-1,no,,
D2,1,2016-03-02,CNSHA,DE,0110,E2,610910,T-shirts,PLAIN,100,5,300,,no,,white
D3,1,2016-03-03,CNKHG,KZ,4019,E9,8711209000,motorcycle,HAO,5,5,4000,,yes,60,
D4,1,2016-03-04,CNSHA,FJ,0110,E9,8711209000,motorcycle,,many,5,4000,,no,,
D4,2,2016-03-04,CNSHA,FJ,0110,E9,8711209000,motorcycle,,5,5,1000,,no,,
D5,1,2016-03-05,CNSHA,QQ,0110,E5,8507100000,lead battery,,50,50,900,,yes,,
D1,3,2016-03-06,CNSHA,KE,0110,E1,610910,T-shirts,PLAIN,10,1,30,,no,,
";

/// A rule that every pass of the compiler changes, and one of which two closures are left to the interpreter.
pub const PASSED_RULES: &str = r#"
const SUSPECT = ["replica", "copy"];
rule("PASSED", #{
    title: "A rule for each pass",
    score: 5,
    when: |d| !(d.brand != ()) && d.goods.contains(SUSPECT[0]) && d.goods.has_word("watch" + "es")
        && (d.packages > 2 + 3 || d.quantity == ()) && d.value == 7.0,
    reason: |d| `${d.goods.contains(SUSPECT[0])}: ${d.value}`,
});
rule("LOOPS", #{
    title: "Left to the interpreter",
    score: |d| { let n = 0; while n < 3 { n += 1; } n },
    when: |d| d.brand == "DELI" && d.packages > { let n = 0; while n < 3 { n += 1; } n },
});
"#;

/// A directory for one test.
pub struct Desk {
    directory: TempDir,
}

/// What became of a run.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    /// An empty directory.
    pub fn empty() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// A directory with the pack `harbour` and `declarations.csv`.
    pub fn new() -> Self {
        let desk = Self::empty();
        desk.write("harbour/pack.toml", MANIFEST);
        desk.write("harbour/campaign.rhai", RULES);
        desk.write("harbour/other.rhai", MORE_RULES);
        desk.write(
            "harbour/lookups/blacklist.csv",
            "exporter,listed_on,grade\nE9,2015-06-01,A\nE8,2015-06-01,B\n",
        );
        desk.write(
            "harbour/reference/regions.toml",
            "[africa]\ntitle = \"Africa\"\nmembers = [\"KE\", \"TZ\", \"NG\"]\n[others]\ntitle = \"Others\"\n\
             members = [\"DE\", \"KZ\", \"FJ\"]\n",
        );
        desk.write(
            "harbour/reference/commodities.toml",
            "[motorcycles]\ntitle = \"Motorcycles\"\nmembers = [\"8711\"]\n[batteries]\ntitle = \"Batteries\"\n\
             title_zh = \"电池\"\nmembers = [\"8506\", \"8507\"]\n",
        );
        desk.write(
            "harbour/reference/modes.toml",
            "[general]\ntitle = \"General trade\"\nmembers = [\"0110\"]\n[border-trade]\ntitle = \"Border trade\"\n\
             members = [\"4019\"]\n",
        );
        desk.write(
            "harbour/reference/sites.toml",
            "[khorgos]\ntitle = \"Khorgos\"\nkind = \"border\"\nmembers = [\"CNKHG\"]\n[shanghai]\n\
             title = \"Shanghai\"\nkind = \"port\"\nmembers = [\"CNSHA\"]\n",
        );
        desk.write("declarations.csv", DECLARATIONS);
        desk
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file, with the directories that lead to it.
    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        String::from_utf8(self.bytes(file)).unwrap()
    }

    #[track_caller]
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub fn has(&self, file: &str) -> bool {
        self.path().join(file).exists()
    }

    /// The command with these arguments, parted by blanks, in the directory; it sees no terminal.
    pub fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qingfeng"));
        command.args(args.split_whitespace()).current_dir(self.path()).stdin(Stdio::null());
        for variable in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            command.env_remove(variable);
        }
        command
    }

    #[track_caller]
    pub fn run(&self, args: &str) -> Ran {
        run(&mut self.command(args))
    }

    /// Runs with this text as standard input.
    #[track_caller]
    pub fn run_with(&self, args: &str, input: &str) -> Ran {
        self.write("input-of-the-test", input);
        let input = std::fs::File::open(self.path().join("input-of-the-test")).unwrap();
        run(self.command(args).stdin(input))
    }
}

#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// Asserts the exit code, showing what was said when it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}

/// Compares a text with the file of this name, or writes the file when asked to.
#[track_caller]
pub fn golden(name: &str, text: &str) {
    stored(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name), &steady(text));
}

/// Compares a text with a file, or writes the file when asked to.
#[track_caller]
pub fn stored(path: &Path, text: &str) {
    if std::env::var_os(BLESS).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        text == expected,
        "{} differs; if it should, run the tests with {BLESS}=1\n--- expected\n{expected}\n--- got\n{text}",
        path.display()
    );
}

/// The text without what differs from run to run, and the digest, which every change of the pack changes.
pub fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in without_hashes(text).lines() {
        match line.split_once("digest ") {
            _ if line.starts_with("Took ") && !line.contains("a second") => out += "Took … s",
            _ if line.starts_with("Took ") => out += "Took … s: … lines a second on … threads.",
            Some((before, after)) => {
                let rest = after.trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
                out += &format!("{before}digest …{rest}");
            }
            None => out += line,
        }
        out.push('\n');
    }
    out
}

/// The text without hashes after a number: `pack@3#…`, `snapshot 12#…`. Those of a store depend on the moment.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split('#');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let hash = part.len() - part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()).len();
        let is_hash = hash >= 12 && out.ends_with(|before: char| before.is_ascii_digit());
        out += "#";
        out += if is_hash { "…" } else { "" };
        out += if is_hash { &part[hash..] } else { part };
    }
    out
}

/// Whether a text has characters that a terminal could obey, line ends apart.
pub fn is_harmful(text: &str) -> bool {
    text.chars().any(|letter| (letter.is_control() && letter != '\n') || letter == '\u{202e}')
}
