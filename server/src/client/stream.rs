//! The event stream as a client sees it.

use engine::Seq;
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// The last event that was seen, and of which log: after a restore, the same number is another event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub seq: Seq,
    /// The log's name, as the server tells it with the first stream.
    pub log: Option<String>,
}

/// An open stream of server-sent events.
#[derive(Debug)]
pub struct Stream {
    body: Incoming,
    buffer: Vec<u8>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What kind of event.
    pub kind: String,
    /// Its JSON.
    pub data: String,
}

impl Stream {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, buffer: Vec::new() }
    }

    /// Waits for the next event; `None` when the stream ends or breaks, which is all the same to whoever follows it.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(frame) = frame(&String::from_utf8_lossy(&block)) {
                    return Some(frame);
                }
            }
            let data = self.body.frame().await?.ok()?.into_data().ok()?;
            self.buffer.extend_from_slice(&data);
        }
    }
}

/// `None` for a block that is no event: a comment, or advice to a browser.
fn frame(block: &str) -> Option<Frame> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    Some(Frame { kind: field("event: ")?, data: field("data: ")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let event = Frame { kind: "task_started".to_owned(), data: r#"{"seq":7}"#.to_owned() };
        assert_eq!(frame("id: 7\nevent: task_started\ndata: {\"seq\":7}\n\n"), Some(event));
        assert_eq!((frame(": still here\n\n"), frame("retry: 1000\n\n")), (None, None));
    }
}
