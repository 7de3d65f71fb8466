//! Light or dark: as the system says, until the person chooses. The choice is in a cookie, so that the server renders the page
//! in it and nothing flashes.

use crate::desk::Desk;
use crate::prelude::*;

/// The cookie's name.
#[cfg(feature = "ssr")]
const COOKIE: &str = "manus_theme";

/// The theme chosen in a request's cookies: `light` or `dark`, nothing when the system decides.
#[cfg(feature = "ssr")]
pub fn chosen() -> Option<&'static str> {
    let parts = use_context::<http::request::Parts>()?;
    let cookies = parts.headers.get(http::header::COOKIE)?.to_str().ok()?;
    let value = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)?
        .1;
    ["light", "dark"].into_iter().find(|theme| *theme == value)
}

/// The same in the browser, by the page as the server wrote it.
#[cfg(not(feature = "ssr"))]
pub fn chosen() -> Option<&'static str> {
    let value = document().document_element()?.get_attribute("data-theme")?;
    ["light", "dark"].into_iter().find(|theme| *theme == value)
}

/// Changes to the other theme and remembers it. In the browser only.
pub fn toggle(desk: Desk) {
    let dark = match desk.theme.get_untracked() {
        "dark" => true,
        "light" => false,
        _ => system_is_dark(),
    };
    choose(desk, if dark { "light" } else { "dark" });
}

/// Takes a theme and remembers it; an empty word leaves it to the system. In the browser only.
pub fn choose(desk: Desk, theme: &'static str) {
    let Some(page) = document().document_element() else { return };
    desk.theme.set(theme);
    let _ = match theme {
        "" => page.remove_attribute("data-theme"),
        theme => page.set_attribute("data-theme", theme),
    };
    remember(theme);
}

fn system_is_dark() -> bool {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches())
}

#[cfg(feature = "hydrate")]
fn remember(theme: &str) {
    use wasm_bindgen::JsCast;
    if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = page.set_cookie(&format!("manus_theme={theme}; path=/; max-age=31536000; samesite=lax"));
    }
}

#[cfg(not(feature = "hydrate"))]
fn remember(_theme: &str) {}
