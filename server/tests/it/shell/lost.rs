//! Connections that break: a changing call is repeated under its name, and happens once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Shell, command, text};
use crate::project::Project;

/// Stands between the client and the server, and cuts the first connections when their answer comes.
async fn cutter(server: String, cuts: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(&server).await.unwrap();
            if counter.fetch_add(1, Ordering::SeqCst) < cuts {
                tokio::spawn(async move {
                    let (mut request, mut answer) = (vec![0; 65_536], [0; 1]);
                    let length = near.read(&mut request).await.unwrap();
                    far.write_all(&request[..length]).await.unwrap();
                    // By now the call has been carried out.
                    far.read_exact(&mut answer).await.unwrap();
                });
            } else {
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
            }
        }
    });
    (url, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_answer_was_lost_happens_once() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    let (url, connections) = cutter(shell.project.server.address().to_string(), 2).await;
    let task = shell.json(&format!("manus-sync task add Once --json --server {url}"));
    assert_eq!((&task["id"], connections.load(Ordering::SeqCst)), (&json!("T1"), 3));
    assert_eq!(shell.project.server.hub().read(|state| state.tasks().len()), 1);
    // Taken messages are not lost with the answer either.
    shell.out("manus-sync message send ada hello");
    let (url, _) = cutter(shell.project.server.address().to_string(), 1).await;
    let inbox = shell.json(&format!("manus-sync message inbox --as ada --json --server {url}"));
    let last = inbox.as_array().unwrap().last().unwrap();
    assert_eq!(last["content"], json!({ "text": "hello" }));
}

/// Started again on another port while a command waits for its answer: found again through the project's folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_elsewhere_is_found_again() {
    let project = Project::with_agents(&["ada"]).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".manus-sync")).unwrap();
    let word = folder.path().join(".manus-sync/server.json");
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", first.local_addr().unwrap());
    std::fs::write(&word, json!({ "pid": 1, "url": url, "started_at_ms": 1 }).to_string()).unwrap();
    let path = folder.path().to_owned();
    let adding =
        tokio::task::spawn_blocking(move || command(&path, "manus-sync task add Once").output().unwrap());
    let (mut connection, _) = first.accept().await.unwrap();
    assert!(connection.read(&mut [0; 65_536]).await.unwrap() > 0);
    std::fs::copy(project.folder.path().join(".manus-sync/server.json"), &word).unwrap();
    drop((connection, first));
    let added = adding.await.unwrap();
    assert_eq!(text(added.stdout), "T1 Once: pending, with ada\n", "{}", text(added.stderr));
}
