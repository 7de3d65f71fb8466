//! The dashboard's files: WASM, JavaScript, CSS, fonts and icons.
//!
//! A release binary carries them, compressed when it was built. What the page loads lies under
//! `/pkg/<version>/`, where the version is a hash of the whole site: a browser may keep those files for ever, and
//! never mixes two releases. Icons and the like keep their names at the root and are asked for again each time.
//! Debug builds, and any build with `MANUS_SYNC_SITE` set, read a folder instead, afresh for each request.

use std::fs;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use app::LOADER;
use axum::Router;
use axum::extract::Path as UrlPath;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use leptos::config::{Env, LeptosOptions};

include!(concat!(env!("OUT_DIR"), "/site_table.rs"));

/// The base name of the script, the WASM and the stylesheet.
const OUTPUT_NAME: &str = "manus-sync";
/// Names a folder to read the site from, in place of the files in the binary.
const FOLDER_VARIABLE: &str = "MANUS_SYNC_SITE";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
/// Answers for the stylesheet when there is no site, so that the page itself says what is wrong.
const MISSING_CSS: &str = "body::before { display: block; padding: 1em; font: 16px/1.5 sans-serif; \
    background: #fde68a; color: #000; content: 'The dashboard is not built, so this page stands still and \
    plain. Run “make build” in the checkout and start target/release/manus-sync. The API works as it is.' }\n";

/// One file of the table that the build script writes.
struct Embedded {
    /// Its path in the site, as in `pkg/manus-sync.css`.
    name: &'static str,
    hash: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

/// Where the dashboard's files come from.
#[derive(Debug, Clone)]
pub enum Site {
    /// From this binary.
    Embedded,
    /// From a folder, as it is at each request.
    Folder(Arc<Path>),
    /// There are none: a binary built without a site.
    Missing,
}

impl Site {
    /// The folder that `MANUS_SYNC_SITE` names, else the files in this binary; a debug build without either
    /// takes `site/` of the checkout that it was built from.
    pub fn find() -> Site {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("site");
        if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
            Site::Folder(PathBuf::from(folder).into())
        } else if !FILES.is_empty() {
            Site::Embedded
        } else if cfg!(debug_assertions) && checkout.is_dir() {
            Site::Folder(checkout.into())
        } else {
            Site::Missing
        }
    }

    /// What Leptos has to know to name these files in a page.
    pub fn leptos_options(&self, address: SocketAddr) -> LeptosOptions {
        LeptosOptions::builder()
            .output_name(OUTPUT_NAME)
            .site_pkg_dir(format!("pkg/{}", self.version()))
            .site_addr(address)
            .env(Env::PROD)
            .build()
    }

    /// Where the stylesheet lies.
    pub fn css(&self) -> String {
        format!("/pkg/{}/{OUTPUT_NAME}.css", self.version())
    }

    /// Whether the parts of the browser's program are in files of their own.
    pub fn has_parts(&self) -> bool {
        let loader = format!("pkg/{LOADER}");
        match self {
            Site::Embedded => FILES.iter().any(|file| file.name == loader),
            Site::Folder(folder) => folder.join(loader).is_file(),
            Site::Missing => false,
        }
    }

    /// The routes of all files. A path that is none of them is left to others.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let site = self.clone();
        let pkg = get(move |UrlPath((version, file)): UrlPath<(String, String)>, headers: HeaderMap| {
            let site = site.clone();
            async move { site.pkg_file(&version, &file, &headers) }
        });
        let mut router = Router::new().route("/pkg/{version}/{*file}", pkg);
        for name in self.root_files() {
            let (site, path) = (self.clone(), format!("/{name}"));
            let file = get(move |headers: HeaderMap| async move { site.answer(&name, ASK_AGAIN, &headers) });
            router = router.route(&path, file);
        }
        router
    }

    fn version(&self) -> &'static str {
        match self {
            Site::Embedded => VERSION,
            Site::Folder(_) => "dev",
            Site::Missing => "none",
        }
    }

    fn pkg_file(&self, version: &str, file: &str, headers: &HeaderMap) -> Response {
        // A page of another release must not get half of its files from this one: it has to be loaded again.
        if version != self.version() {
            return (StatusCode::NOT_FOUND, "This page is of another release: please reload it.\n")
                .into_response();
        }
        self.answer(&format!("pkg/{file}"), FOR_EVER, headers)
    }

    /// The files beside `pkg/`, each served under its own name.
    fn root_files(&self) -> Vec<String> {
        match self {
            Site::Embedded => FILES
                .iter()
                .map(|file| file.name)
                .filter(|name| !name.contains('/'))
                .map(String::from)
                .collect(),
            Site::Folder(folder) => fs::read_dir(folder)
                .into_iter()
                .flatten()
                .filter_map(Result::ok)
                .filter(|entry| entry.path().is_file())
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| !name.starts_with('.') && !name.ends_with(".br") && !name.ends_with(".gz"))
                .collect(),
            Site::Missing => Vec::new(),
        }
    }

    fn answer(&self, name: &str, caching: &'static str, headers: &HeaderMap) -> Response {
        match self {
            Site::Embedded => match FILES.iter().find(|file| file.name == name) {
                Some(file) => file.answer(caching, headers),
                None => no_such_file(),
            },
            // Blocking, but for developers only, and from the page cache.
            Site::Folder(folder) => match inside(folder, name).and_then(|path| fs::read(path).ok()) {
                Some(content) => {
                    let head = [(CONTENT_TYPE, content_type(name)), (CACHE_CONTROL, "no-store")];
                    (head, content).into_response()
                }
                None => no_such_file(),
            },
            Site::Missing if name.ends_with(".css") => {
                ([(CONTENT_TYPE, content_type(name))], MISSING_CSS).into_response()
            }
            Site::Missing => no_such_file(),
        }
    }
}

impl Embedded {
    fn answer(&self, caching: &'static str, headers: &HeaderMap) -> Response {
        let accepted = Accepted::from(headers);
        let (coding, content) = match (self.br, self.gz) {
            (Some(br), _) if accepted.br => ("br", br),
            (_, Some(gz)) if accepted.gzip => ("gzip", gz),
            _ => ("identity", self.plain),
        };
        // Each coding is a representation of its own, so a strong tag has to tell them apart.
        let tag = format!("\"{}-{coding}\"", self.hash);
        let mut response = if asks_for_other_than(headers, &tag) {
            let mut response = Bytes::from_static(content).into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type(self.name)));
            if coding != "identity" {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            response
        } else {
            StatusCode::NOT_MODIFIED.into_response()
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// The codings that a request's `Accept-Encoding` allows, of those that the site has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Accepted {
    br: bool,
    gzip: bool,
}

impl Accepted {
    fn from(headers: &HeaderMap) -> Accepted {
        let mut accepted = Accepted::default();
        for item in listed(headers, &ACCEPT_ENCODING) {
            let (coding, quality) = item.split_once(';').unwrap_or((item, ""));
            let quality = quality.trim().strip_prefix("q=").and_then(|value| value.parse::<f32>().ok());
            let allowed = quality != Some(0.0);
            match coding.trim() {
                "br" => accepted.br = allowed,
                "gzip" => accepted.gzip = allowed,
                _ => {}
            }
        }
        accepted
    }
}

fn asks_for_other_than(headers: &HeaderMap, tag: &str) -> bool {
    !listed(headers, &IF_NONE_MATCH).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The items of a header that holds a list with commas.
fn listed<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn no_such_file() -> Response {
    (StatusCode::NOT_FOUND, "The site has no such file.\n").into_response()
}

/// `name` below `folder`, or nothing when it would lead elsewhere.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| folder.join(name))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn codings_are_negotiated() {
        let accepted = |value| {
            let Accepted { br, gzip } = Accepted::from(&with(ACCEPT_ENCODING, value));
            (br, gzip)
        };
        assert_eq!(accepted("gzip, deflate, br, zstd"), (true, true));
        assert_eq!(accepted("gzip;q=1.0, br;q=0"), (false, true));
        assert_eq!(accepted("identity"), (false, false));
        assert_eq!(Accepted::from(&HeaderMap::new()), Accepted::default());
    }

    static FILE: Embedded =
        Embedded { name: "pkg/manus-sync.css", hash: "0123", plain: b"plain", br: Some(b"br"), gz: None };

    #[test]
    fn the_best_accepted_variant_is_answered() {
        let compressed = FILE.answer(FOR_EVER, &with(ACCEPT_ENCODING, "br, gzip"));
        assert_eq!(compressed.headers()[CONTENT_ENCODING], "br");
        assert_eq!(compressed.headers()[ETAG], "\"0123-br\"");
        assert_eq!(compressed.headers()[CACHE_CONTROL], FOR_EVER);
        let plain = FILE.answer(FOR_EVER, &with(ACCEPT_ENCODING, "gzip"));
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        assert_eq!(plain.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(plain.headers()[VARY], "accept-encoding");
    }

    #[test]
    fn a_known_tag_is_not_sent_again() {
        let known = FILE.answer(ASK_AGAIN, &with(IF_NONE_MATCH, "\"other\", \"0123-identity\""));
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        let other = FILE.answer(ASK_AGAIN, &with(IF_NONE_MATCH, "\"0123-br\""));
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = Path::new("/site");
        assert_eq!(inside(folder, "pkg/fonts/a.woff2"), Some(PathBuf::from("/site/pkg/fonts/a.woff2")));
        assert_eq!(inside(folder, "pkg/../../etc/passwd"), None);
        assert_eq!(inside(folder, "/etc/passwd"), None);
    }

    #[test]
    fn without_a_site_the_page_says_so() {
        let css = Site::Missing.answer("pkg/manus-sync.css", FOR_EVER, &HeaderMap::new());
        assert_eq!(css.status(), StatusCode::OK);
        let script = Site::Missing.answer("pkg/manus-sync.js", FOR_EVER, &HeaderMap::new());
        assert_eq!(script.status(), StatusCode::NOT_FOUND);
    }
}
