//! Tests of `frame`.

use super::*;

/// A stream that gives out a few bytes at a time, and then perhaps an error.
struct Trickle(Vec<u8>, usize, bool);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        if count == 0 && self.2 {
            return Err(io::Error::from(ErrorKind::UnexpectedEof));
        }
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}

fn lines(text: &str, step: usize, fails: bool) -> (Vec<(u64, String)>, bool) {
    let mut framer = Framer::new(Box::new(Trickle(text.into(), step, fails)));
    let mut found = Vec::new();
    loop {
        match framer.block(&PhysicalLines { most: 10 }, 3) {
            Ok(Some(block)) => found.extend(block.frames.iter().map(|frame| match &frame.content {
                Content::Bad(_) => (frame.line, "bad".to_owned()),
                _ => (frame.line, String::from_utf8_lossy(&block.bytes[frame.start..frame.end]).into()),
            })),
            Ok(None) => return (found, false),
            Err(_) => return (found, true),
        }
    }
}

#[test]
fn lines_are_numbered_and_blank_and_endless_ones_do_not_disturb() {
    let text = "a\n\n  \r\nbb\n0123456789x\nccc\nd";
    let expected: Vec<(u64, String)> = [(1, "a"), (4, "bb"), (5, "bad"), (6, "ccc"), (7, "d")]
        .map(|(line, text)| (line, text.into()))
        .into();
    for step in [1, 2, 1000] {
        assert_eq!(lines(text, step, false), (expected.clone(), false));
    }
    let (cut, failed) = lines(text, 3, true);
    assert!(failed);
    assert_eq!(cut, expected[..4], "the line at the cut may lack its end");
}
