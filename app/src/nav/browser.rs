//! The browser's address bar, and the links that people click.

use web_sys::MouseEvent;

use crate::dom;
use crate::prelude::*;

/// The address behind a plain click on a link to one of these pages.
pub fn own_link(event: &MouseEvent) -> Option<String> {
    let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
    if modified || event.button() != 0 || event.default_prevented() {
        return None;
    }
    let link = dom::element_of(event.target())?.closest("a[href]").ok().flatten()?;
    if link.has_attribute("download") || link.has_attribute("target") {
        return None;
    }
    link.get_attribute("href").filter(|href| href.starts_with('/'))
}

/// Path and query of the page.
#[cfg(feature = "hydrate")]
pub fn present_address() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Path and query of the request.
#[cfg(not(feature = "hydrate"))]
pub fn present_address() -> String {
    let parts = use_context::<http::request::Parts>();
    parts
        .and_then(|parts| parts.uri.path_and_query().map(ToString::to_string))
        .unwrap_or_else(|| "/".to_owned())
}

/// Shows an address as the page's own. With `replace` it takes the place of the present one.
#[cfg(feature = "hydrate")]
pub fn write_address(href: &str, replace: bool) {
    use wasm_bindgen::JsValue;
    let Ok(history) = window().history() else { return };
    // Where the browser refuses (too many in too short a time), the page shows the place all the same.
    let _ = match replace {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(href)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(href)),
    };
}

/// On the server there is no address to be shown.
#[cfg(not(feature = "hydrate"))]
pub fn write_address(_href: &str, _replace: bool) {}
