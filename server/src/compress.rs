//! Compression of large answers, for those who accept it.
//!
//! Pages and large lists shrink to a tenth. Small answers are left alone, which nearly all calls have, and so is everything
//! that is a stream or compressed already.

use std::io::Write;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

/// Calls answer on the hot path, and mostly to this very machine.
const JSON_LEAST: usize = 32 * 1024;
const HTML_LEAST: usize = 1024;

/// Whether a request says that gzip is welcome.
pub fn is_welcome(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let (coding, quality) = item.split_once(';').unwrap_or((item, ""));
        coding.trim() == "gzip" && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// Compresses an answer where that is worth it.
pub async fn apply(response: Response) -> Response {
    let Some(least) = least(response.headers()) else { return response };
    // Pages come without a length, since they could be streams; they are all there when they come.
    if response.body().size_hint().exact().is_some_and(|size| size < least as u64) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return Response::from_parts(head, Body::empty());
    };
    head.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if bytes.len() < least {
        return Response::from_parts(head, Body::from(bytes));
    }
    match gzip(bytes.clone()).await {
        Some(small) => {
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.remove(CONTENT_LENGTH);
            Response::from_parts(head, Body::from(small))
        }
        None => Response::from_parts(head, Body::from(bytes)),
    }
}

fn least(headers: &HeaderMap) -> Option<usize> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    match kind.split(';').next()?.trim() {
        "application/json" => Some(JSON_LEAST),
        "text/html" => Some(HTML_LEAST),
        _ => None,
    }
}

async fn gzip(bytes: Bytes) -> Option<Vec<u8>> {
    let work = move || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
        encoder.write_all(&bytes).ok()?;
        encoder.finish().ok()
    };
    // Beside the threads that answer calls: a page of a large project takes milliseconds.
    tokio::task::spawn_blocking(work).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_negotiated() {
        let welcome =
            |value| is_welcome(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]));
        assert!(welcome("gzip, deflate, br") && welcome("br;q=1.0, gzip;q=0.8"));
        assert!(!welcome("gzip;q=0") && !welcome("identity") && !is_welcome(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn only_large_pages_and_json_shrink() {
        let answer = |kind: &'static str, size: usize| async move {
            let mut response = Response::new(Body::from("x".repeat(size)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            apply(response).await.headers().contains_key(CONTENT_ENCODING)
        };
        assert!(answer("text/html; charset=utf-8", 2_000).await);
        assert!(answer("application/json", 40_000).await);
        assert!(!answer("application/json", 2_000).await);
        assert!(!answer("text/event-stream", 40_000).await);
        assert!(!answer("font/woff2", 40_000).await);
    }
}
