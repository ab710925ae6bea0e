//! The service as the command runs it: its answers against those of `score` and `explain`, signals, the log, the console.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::guide::repository;
use crate::support::{Desk, run};

/// The command, serving.
struct Served {
    child: Child,
    address: String,
    log: BufReader<ChildStderr>,
}

impl Served {
    fn new(desk: &Desk, options: &[&str]) -> Self {
        let mut command = desk.command("serve");
        command.args(["--listen", "127.0.0.1:0"]).args(options);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut served = Self { child, address: String::new(), log };
        let started = served.until("started");
        let message = started["message"].as_str().unwrap();
        served.address = message.split_once("://").unwrap().1.to_owned();
        served
    }

    /// Reads the log on to an event.
    fn until(&mut self, event: &str) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the log ends before `{event}`");
            let record: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if record["event"] == event {
                return record;
            }
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), if head.contains("chunked") { unchunked(body) } else { body.to_owned() })
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole += &rest[..length];
        body = &rest[length + 2..];
    }
    whole
}

#[test]
fn answers_are_those_of_score_and_explain() {
    let desk = Desk::empty();
    let rules = repository().join("rules/clean-wind");
    let served = Served::new(&desk, &["--rules", rules.to_str().unwrap()]);
    let declarations = repository().join("docs/examples/declarations.csv");
    let csv = std::fs::read_to_string(&declarations).unwrap();
    for by in ["declaration", "item"] {
        let mut score = desk.command("score");
        score.arg(&declarations).arg("--rules").arg(&rules).args(["--by", by, "--reasons", "-q"]);
        let rows = run(&mut score).stdout;
        let path = format!("/v1/assess/batch?by={by}&reasons=true");
        let (head, body) = served.ask("POST", &path, "Content-Type: text/csv\r\n", &csv);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
        let answered: String = body
            .lines()
            .filter(|line| line.starts_with("{\"declaration_id\""))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(answered, rows);
    }
    let message = r#"{"declaration_id":"D1","declared_on":"2016-09-06","destination":"KE","mode":"0110","items":[{"item_no":1,"hs":"8711209000","quantity":40,"value":8000}]}"#;
    desk.write("one.ndjson", format!("{message}\n"));
    let mut explain = desk.command("explain");
    explain.args(["D1", "one.ndjson", "--format", "json", "--rules"]).arg(&rules);
    let mut explained: Value = serde_json::from_str(&run(&mut explain).stdout).unwrap();
    explained.as_object_mut().unwrap().remove("rejects");
    let (_, body) = served.ask("POST", "/v1/explain", "", message);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), explained);
    let mut rules_listed = desk.command("rules");
    rules_listed.arg(&rules).args(["--format", "json"]);
    let listed: Value = serde_json::from_str(&run(&mut rules_listed).stdout).unwrap();
    let (_, body) = served.ask("GET", "/v1/rules", "", "");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), listed);
}

#[test]
fn pages_are_in_both_languages_and_have_no_script() {
    let desk = Desk::new();
    let served = Served::new(&desk, &["--rules", "harbour", "--shadow", "harbour"]);
    let message = r#"{"declaration_id":"<b>D1","destination":"KE","mode":"0110","items":[{"hs":"8711209000","quantity":10,"value":2000,"packages":"x"}]}"#;
    let (head, _) = served.ask("POST", "/v1/assess", "", message);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    served.ask("POST", "/v1/reload", "", "");
    for (path, languages, expected) in [
        ("/", "", "What runs"),
        ("/?lang=zh", "", "运行情况"),
        ("/", "Accept-Language: zh-CN,en;q=0.5\r\n", "运行情况"),
        ("/?lang=en", "Accept-Language: zh\r\n", "What runs"),
        ("/declarations/1", "", "Why: "),
        ("/declarations/1?lang=zh", "", "判定依据"),
    ] {
        let (head, page) = served.ask("GET", path, languages, "");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{page}");
        assert!(page.contains(expected), "{path}: {page}");
        assert!(!page.contains("<script") && !page.contains("<b>D1") && !page.contains(" style="), "{path}");
        let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    }
    let (head, _) = served.ask("GET", "/declarations/9", "", "");
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
}

#[cfg(unix)]
#[test]
fn signals_reload_and_end_it() {
    let desk = Desk::new();
    let mut served = Served::new(&desk, &["--rules", "harbour"]);
    desk.write("harbour/broken.rhai", "rule(\"BROKEN\", 1);");
    served.signal("-HUP");
    let refused = served.until("reload");
    assert!(refused["message"].as_str().unwrap().starts_with("refused_broken (signal)"), "{refused}");
    std::fs::remove_file(desk.path().join("harbour/broken.rhai")).unwrap();
    served.signal("-HUP");
    assert!(served.until("reload")["message"].as_str().unwrap().starts_with("unchanged"));
    // A request that is under way is answered.
    let mut connection = TcpStream::connect(&served.address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let body = r#"{"declaration_id":"D1","destination":"KE","mode":"0110","hs":"8711209000"}"#;
    let head =
        format!("POST /v1/assess HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(&body.as_bytes()[..10]).unwrap();
    served.signal("-TERM");
    served.until("ending");
    std::thread::sleep(Duration::from_millis(200));
    connection.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"declaration_id\":\"D1\""), "{answer}");
    served.until("ended");
    let started = Instant::now();
    let status = loop {
        if let Some(status) = served.child.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}

const LISTED: &str = r#"
[pack]
name = "harbour"
version = "5"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 50
[lookups.watched]
store = "watched"
key = ["exporter"]
"#;

#[test]
fn a_change_of_the_store_goes_live() {
    let desk = Desk::empty();
    desk.write("harbour/pack.toml", LISTED);
    desk.write(
        "harbour/a.rhai",
        r#"rule("LISTED", #{ title: "Watched", score: 60, when: |d| d.listed("watched") });"#,
    );
    let add = |exporter: &str| {
        let mut command = desk.command(
            "lookup add watched --rules harbour --store sqlite:store.sqlite --author Li --source market",
        );
        let ran = run(command.arg(format!("exporter={exporter}")));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    };
    add("E1");
    let served = Served::new(&desk, &["--rules", "harbour", "--store", "sqlite:store.sqlite", "--poll", "1"]);
    let ask = || {
        let body = r#"{"declaration_id":"D1","declared_on":"2099-01-01","destination":"KE","mode":"0110","hs":"8711209000","exporter":"E2"}"#;
        served.ask("POST", "/v1/assess", "", body)
    };
    let (head, body) = ask();
    assert!(
        body.contains("\"channel\":\"green\"") && head.contains("qingfeng-snapshot: 1#"),
        "{head}\n{body}"
    );
    add("E2");
    let started = Instant::now();
    // The one declaration that is remembered moves; in its place as many would be asked as there are.
    let accepted = || served.ask("POST", "/v1/reload", "", r#"{"max_change":1}"#).1;
    while !ask().1.contains("\"channel\":\"red\"") {
        assert!(started.elapsed() < Duration::from_secs(10));
        if served.ask("GET", "/readyz", "", "").1.contains("refused_change") {
            accepted();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(ask().0.contains("qingfeng-snapshot: 2#"));
}

#[test]
fn what_cannot_start_says_why() {
    let desk = Desk::new();
    let served = |options: &[&str]| {
        let mut command: Command = desk.command("serve");
        let ran = run(command.args(options));
        (ran.code, ran.stderr)
    };
    let (code, said) = served(&["--rules", "nowhere", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 4, "{said}");
    let (code, said) = served(&["--rules", "harbour", "--shadow", "nowhere", "--listen", "127.0.0.1:0"]);
    assert!(code == 4 && said.contains("nowhere"), "{code}: {said}");
    let (code, said) = served(&["--rules", "harbour", "--listen", "0.0.0.0:0"]);
    assert!(code == 2 && said.contains("tokens"), "{code}: {said}");
    let (code, said) = served(&["--rules", "harbour", "--listen", "here"]);
    assert!(code == 2 && said.contains("`here`"), "{code}: {said}");
    let (code, said) = served(&["--rules", "harbour", "--tokens", "tokens.toml"]);
    assert!(code == 3 && said.contains("tokens.toml"), "{code}: {said}");
    desk.write("tokens.toml", "[[tokens]]\nname = \"a\"\nsha256 = \"hunter2\"\nroles = [\"read\"]\n");
    let (code, said) = served(&["--rules", "harbour", "--tokens", "tokens.toml"]);
    assert!(code == 3 && said.contains("sha256sum") && !said.contains("hunter2"), "{code}: {said}");
    let (code, said) =
        served(&["--rules", "harbour", "--tls-cert", "harbour/pack.toml", "--tls-key", "tokens.toml"]);
    assert!(code == 3 && said.contains("pack.toml"), "{code}: {said}");
}
