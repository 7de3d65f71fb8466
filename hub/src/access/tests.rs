//! What somebody can make of the database alone.

use std::path::Path;

use super::*;
use crate::clock::ManualClock;
use crate::store::sqlite::SqliteStore;

async fn open(database: &Path) -> (Arc<dyn Store>, Access) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(database).await.unwrap());
    let access = Access::load(store.clone(), Arc::new(ManualClock::at(0))).await.unwrap();
    (store, access)
}

fn enrolment() -> NewToken {
    NewToken {
        role: TokenRole::Enrolment,
        manus_id: None,
        label: "all of us".to_owned(),
        expires_at_ms: None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn an_enrolled_agents_token_cannot_be_worked_out_from_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let (store, access) = open(&folder.path().join("project.db")).await;
    let (ada, request) = (ManusId::new("ada").unwrap(), RequestId::new("r-1").unwrap());
    let with = access.create(enrolment()).await.unwrap();
    let enrolled = access.enrol(&with.whole, &ada, Some(&request), false).await.unwrap();
    // All that is stored about the token with which she came.
    let loaded = store.tokens(0).await.unwrap();
    let row = loaded.rows.iter().find(|row| row.token.id == with.token.id).unwrap();
    let (id, hash) = (row.token.id.clone(), hex(&row.hash));
    let stored = [
        String::new(),
        format!("mse_{id}"),
        format!("mse_{id}_"),
        format!("mse_{id}_{hash}"),
        hash.to_uppercase(),
        row.token.label.clone(),
        hash,
        id,
    ];
    let made = |word: &str| {
        let words = ["enrol", word, ada.as_str(), request.as_str()];
        Draw::derived(loaded.enrolment_key.as_bytes(), &words).whole("msk_")
    };
    for word in &stored {
        assert_ne!(made(word), enrolled.whole, "{word:?}");
    }
    assert_eq!(made(&with.whole), enrolled.whole, "this is how it is made, with what is not stored");
    // And the secrets stand nowhere in the files, whatever table one looks at.
    store.close().await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for whole in [&with.whole, &enrolled.whole] {
            let secret = whole.rsplit('_').next().unwrap().as_bytes();
            assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        }
    }
}

#[tokio::test]
async fn an_enrolment_is_repeated_by_whoever_made_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("project.db");
    let (store, access) = open(&database).await;
    let (ada, request) = (ManusId::new("ada").unwrap(), RequestId::new("r-1").unwrap());
    let (with, other) =
        (access.create(enrolment()).await.unwrap(), access.create(enrolment()).await.unwrap());
    let first = access.enrol(&with.whole, &ada, Some(&request), false).await.unwrap();
    assert!(first.fresh);
    store.close().await.unwrap();

    let (store, access) = open(&database).await;
    let again = access.enrol(&with.whole, &ada, Some(&request), true).await.unwrap();
    assert_eq!((&again.whole, again.fresh), (&first.whole, false));
    let theirs = access.enrol(&other.whole, &ada, Some(&request), true).await.unwrap_err();
    assert_eq!(theirs, NotEnrolled::NameTaken);
    // The part that may be seen is not the token.
    let (seen, _) = with.whole.rsplit_once('_').unwrap();
    let guessed = format!("{seen}_{}", "0".repeat(32));
    let guessed = access.enrol(&guessed, &ada, Some(&request), true).await.unwrap_err();
    assert_eq!(guessed, NotEnrolled::BadToken(BadToken::Unknown));
    access.revoke(&with.token.id, false).await.unwrap();
    let late = access.enrol(&with.whole, &ada, Some(&request), true).await.unwrap_err();
    assert_eq!(late, NotEnrolled::BadToken(BadToken::Revoked));
    store.close().await.unwrap();
}
