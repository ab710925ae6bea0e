//! Scoring inputs of any length: as an iterator and through callbacks, cancelled, bounded, on the caller's threads.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use qingfeng::read::{Input, ReadError, ReadOptions};
use qingfeng::write::WriteError;
use qingfeng::{By, Cancel, Engine, JobError, Outputs};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind")).unwrap())
}

fn csv(declarations: usize) -> String {
    let mut text = "declaration_id,destination,mode,hs,quantity,goods\n".to_owned();
    for at in 0..declarations {
        let quantity = if at % 50 == 49 { "many".to_owned() } else { at.to_string() };
        let _ = writeln!(text, "D{at},KE,0110,8711209000,{quantity},motorcycle\nD{at},KE,0110,9403,1,chair");
    }
    text
}

fn small() -> ReadOptions {
    ReadOptions { batch_lines: 100, ..ReadOptions::default() }
}

#[test]
fn an_iterator_gives_what_callbacks_are_given() {
    let input = || Input::bytes("a.csv", csv(3_000));
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let outputs = Outputs {
        assessments: &mut |batch| {
            rows.push(batch.clone());
            Ok(())
        },
        rejects: &mut |more| {
            rejects.extend_from_slice(more);
            Ok(())
        },
        progress: &mut |_| {},
    };
    let summary = engine().score(input()).read(small()).by(By::Item).reasons(true).run(outputs).unwrap();
    for threads in [1, 3] {
        let mut batches =
            engine().score(input()).read(small()).by(By::Item).reasons(true).threads(threads).into_iter();
        let (mut other_rows, mut other_rejects) = (Vec::new(), Vec::new());
        for batch in &mut batches {
            let batch = batch.unwrap();
            other_rows.extend(Some(batch.rows).filter(|rows| rows.num_rows() > 0));
            other_rejects.extend(batch.rejects);
        }
        assert_eq!((&other_rows, &other_rejects), (&rows, &rejects));
        let other = batches.summary().unwrap();
        assert_eq!((other.lines_read, &other.rules), (summary.lines_read, &summary.rules));
        assert_eq!((other.lines_rejected, other.lines_unreadable), (0, 60));
        assert!(batches.next().is_none());
    }
}

#[test]
fn work_stops_within_a_round_when_it_is_cancelled() {
    let cancel = Cancel::new();
    let mut lines = 0;
    let outputs = Outputs {
        assessments: &mut |rows| {
            lines += rows.num_rows();
            if lines > 1_000 {
                cancel.cancel();
            }
            Ok(())
        },
        rejects: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    let scoring = engine().score(Input::bytes("a.csv", csv(20_000))).read(small()).by(By::Item).threads(2);
    assert!(matches!(scoring.cancel(&cancel).run(outputs), Err(JobError::Cancelled)));
    assert!((1_001..3_000).contains(&lines), "{lines}");
}

#[test]
fn an_output_that_fails_stops_the_work_with_its_own_error() {
    let outputs = Outputs {
        assessments: &mut |_| Err(WriteError::other("the queue", "it is full")),
        rejects: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    let error = engine().score(Input::bytes("a.csv", csv(10))).run(outputs).unwrap_err();
    assert_eq!(error.to_string(), "the queue: cannot be written: it is full");
}

#[test]
fn work_is_done_by_the_pool_in_which_it_is_started() {
    let pool = |name: &'static str| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).thread_name(move |_| name.to_owned());
        Arc::new(pool.build().unwrap())
    };
    let names = |score: &(dyn Fn(Outputs<'_>) + Sync)| {
        let mut names = std::collections::BTreeSet::new();
        let outputs = Outputs {
            assessments: &mut |_| {
                names.extend(std::thread::current().name().map(str::to_owned));
                Ok(())
            },
            rejects: &mut |_| Ok(()),
            progress: &mut |_| {},
        };
        score(outputs);
        names.into_iter().collect::<Vec<_>>()
    };
    let input = || Input::bytes("a.csv", csv(500));
    let given = pool("given");
    let score = |outputs: Outputs<'_>| {
        engine().score(input()).read(small()).pool(Arc::clone(&given)).run(outputs).unwrap();
    };
    assert_eq!(names(&score), ["given"]);
    let around = pool("around");
    let score = |outputs: Outputs<'_>| {
        around.install(|| engine().score(input()).read(small()).run(outputs)).unwrap();
    };
    assert_eq!(names(&score), ["around"]);
}

#[test]
fn a_declaration_beyond_the_limit_of_memory_is_named() {
    let limit = 16 << 20;
    let line = |id: &str, goods: usize| format!("{id},KE,0110,8711209000,1,{}\n", "x".repeat(goods));
    let text = |lines: usize| {
        let mut text = "declaration_id,destination,mode,hs,quantity,goods\n".to_owned();
        (0..50).for_each(|at| text += &line(&format!("S{at}"), 60_000));
        (0..lines).for_each(|_| text += &line("LONG", 60_000));
        text
    };
    let run = |lines: usize| {
        let batches = engine().score(Input::bytes("a.csv", text(lines))).threads(2).memory_limit(limit);
        batches.into_iter().find_map(Result::err)
    };
    assert!(run(20).is_none());
    match run(400) {
        Some(JobError::Read(error @ ReadError::Memory { .. })) => {
            assert!(error.to_string().starts_with("the declaration `LONG` has more than "), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
