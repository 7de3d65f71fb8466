//! The HTML document around the page. The server's alone.

use engine::MessageId;
use leptos::nonce::use_nonce;
use leptos::prelude::*;

use crate::live::{self, BOOT_ID};
pub use crate::nav::Open;
use crate::nav::{PATHS, Place, use_nav};
use crate::parts::{Apart, LOADER, files_for};
use crate::{ROOT_ID, page, provide, theme, title, ui};

/// The icons, drawn by reference all over the page. In the page itself, so that none of them appears late.
const SPRITE: &str = include_str!("../../public/icons.svg");

/// The addresses of all pages, for the server's router. Asked for once, before the first page is rendered.
pub fn paths() -> impl Iterator<Item = &'static str> {
    // An error means that Leptos knows already on what to run what a page starts.
    let _ = any_spawner::Executor::init_tokio();
    PATHS.into_iter()
}

/// What an address names, where there is such a page: what is open in the drawer, and which conversation.
pub fn named(address: &str) -> Option<(Option<Open>, Option<MessageId>)> {
    let place = Place::read(address);
    place.room.map(|_| (place.open, place.thread))
}

/// What begins the program. The page is whole without it, so it is asked for once the browser has drawn that: nothing competes with
/// what is needed for the first look.
fn start(pkg: &str, name: &str) -> String {
    format!(
        "requestAnimationFrame(() => setTimeout(async () => {{
    const module_or_path = fetch(\"{pkg}/{name}_bg.wasm\");
    const program = await import(\"{pkg}/{name}.js\");
    await program.default({{ module_or_path }});
    program.hydrate();
}}));"
    )
}

/// The document: head, the page, its icons, and the data that it was rendered from.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = format!("/{}", options.site_pkg_dir);
    let boot = live::boot();
    let (title, html, files) = untrack(|| {
        let live = provide();
        let place = use_nav().place_now();
        (title(live, &place), ui::to_html(page()), files_for(live, &place))
    });
    let parts = use_context::<Apart>().map(|_| {
        let part = |file: String| {
            view! { <link rel="preload" href=format!("{pkg}/{file}") r#as="fetch" crossorigin="anonymous" /> }
        };
        view! {
            <link rel="modulepreload" href=format!("{pkg}/{LOADER}") />
            {files.into_iter().map(part).collect::<Vec<_>>()}
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme::chosen() data-seq=boot.snapshot.seq.to_string()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="What the agents of this project are doing, live." />
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="preload" href=format!("{pkg}/fonts/inter-latin.woff2") r#as="font" type="font/woff2" crossorigin="anonymous" />
                <link rel="stylesheet" href=format!("{pkg}/{}.css", options.output_name) />
                {parts}
            </head>
            <body>
                <div id=ROOT_ID inner_html=html></div>
                <div hidden inner_html=SPRITE></div>
                <script type="application/json" id=BOOT_ID inner_html=boot.to_script()></script>
                <script type="module" nonce=use_nonce() inner_html=start(&pkg, &options.output_name)></script>
            </body>
        </html>
    }
}
