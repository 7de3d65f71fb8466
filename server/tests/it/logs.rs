//! What a server says of itself while it works: log lines, and traces for a collector.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::binary::{Binary, command};
use crate::project::Caller;

/// Serves with these flags while `work` goes on, then stops in good order. Answers what was written to stderr.
async fn served(folder: &Path, flags: &[&str], work: impl AsyncFnOnce(&mut Caller)) -> String {
    let log = folder.join("log");
    let arguments: Vec<&str> = ["serve", "--listen", "127.0.0.1:0"].iter().chain(flags).copied().collect();
    let serve = command(folder, &arguments);
    // Through a shell, since who starts it takes stderr for itself.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2> log"]).arg(serve.get_program()).args(serve.get_args());
    shell.current_dir(folder).envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    serve.get_envs().filter(|(_, value)| value.is_none()).for_each(|(name, _)| {
        shell.env_remove(name);
    });
    let server = Binary::start(shell);
    work(&mut Caller::connect(server.authority()).await).await;
    let status = tokio::task::spawn_blocking(move || server.stop("-TERM")).await.unwrap();
    assert_eq!(status.code(), Some(0));
    std::io::read_to_string(File::open(log).unwrap()).unwrap()
}

async fn some_calls(caller: &mut Caller) {
    let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    caller.call("register_manus", &ada).await.ok();
    caller.call("claim_files", &json!({ "manus_id": "ada", "files": ["a.rs"] })).await.ok();
    caller.call("claim_files", &json!({ "manus_id": "bob", "files": ["a.rs"] })).await;
}

#[tokio::test]
async fn lines_as_json_are_objects() {
    let folder = tempfile::tempdir().unwrap();
    let text = served(folder.path(), &["-v", "--log-format", "json"], some_calls).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["message"].is_string(), "{line}");
        assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&line["level"].as_str().unwrap()), "{line}");
    }
    let calls: Vec<_> = lines.iter().filter(|line| line["call"] == "claim_files").collect();
    let codes: Vec<_> = calls.iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["ok", "manus_not_found"]);
    assert!(calls.iter().all(|line| line["ms"].is_number()), "{calls:?}");
    assert_eq!(lines.last().unwrap()["message"], "Stopped");
}

#[tokio::test]
async fn lines_as_text_are_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let text = served(folder.path(), &["-v"], some_calls).await;
    assert!(text.lines().any(|line| line.contains("claim_files: ok in")), "{text}");
    assert!(!text.contains('{') && !text.contains('\u{1b}'), "{text}");
}

type Spans = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector that keeps what it is sent.
async fn collector() -> (String, Spans) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, spans) = (format!("http://{}", listener.local_addr().unwrap()), Spans::default());
    let kept = spans.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let kept = kept.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let kept = kept.clone();
                async move {
                    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/traces"));
                    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    kept.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
                    Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::new())))
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (url, spans)
}

fn fields(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|field| (field.key.clone(), text(&field.value))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_for_each_call_and_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (url, collected) = collector().await;
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    served(folder.path(), &["--otlp-endpoint", &url], async |caller| {
        some_calls(caller).await;
        let beat =
            Request::post("/api/v1/heartbeat").header("traceparent", format!("00-{trace}-{parent}-01"));
        let beat = beat.body(Full::from(r#"{"manus_id":"ada"}"#)).unwrap();
        caller.send(beat).await.unwrap().ok();
    })
    .await;
    let collected = std::mem::take(&mut *collected.lock().unwrap());
    let mut calls = Vec::new();
    let mut commits = 0;
    for resource in collected.into_iter().flat_map(|sent| sent.resource_spans) {
        let who = fields(&resource.resource.unwrap().attributes);
        assert_eq!(
            (&*who["service.name"], &*who["service.version"]),
            ("manus-sync", env!("CARGO_PKG_VERSION"))
        );
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano && span.start_time_unix_nano > 0);
            let about = fields(&span.attributes);
            if span.name == "commit" {
                commits += 1;
                assert!(about["last_seq"].parse::<u64>().unwrap() >= about["first_seq"].parse().unwrap());
            } else if about.contains_key("http.response.status_code") {
                if span.name == "heartbeat" {
                    assert_eq!(span.trace_id, hex(trace), "it belongs to the caller's trace");
                    assert_eq!(span.parent_span_id, hex(parent));
                }
                let code = about.get("manus.code").cloned().unwrap_or_default();
                calls.push((span.name, about["http.response.status_code"].clone(), code));
            }
        }
    }
    let call = |name: &str, status: &str, code: &str| (name.to_owned(), status.to_owned(), code.to_owned());
    assert_eq!(
        calls,
        [
            call("register_manus", "200", ""),
            call("claim_files", "200", ""),
            call("claim_files", "404", "manus_not_found"),
            call("heartbeat", "200", ""),
        ]
    );
    assert!(commits >= 3, "the start, the agent, its claim: {commits}");
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    // A port that nobody listens on any more.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    served(folder.path(), &["--otlp-endpoint", &url], some_calls).await;
}
