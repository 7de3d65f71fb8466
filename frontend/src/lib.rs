//! The WASM entry point: makes the server's page live, nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's script as soon as the WASM is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::hydrate();
}
