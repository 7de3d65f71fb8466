//! Values that several states hold together until one of them changes its own.
//!
//! A server has two states at a time, equal but for the newest events. In the browser there is one, and what copies a value would
//! be program that every visitor loads for nothing.

#[cfg(target_family = "wasm")]
mod alone {
    /// Held by one state.
    pub type Shared<T> = Box<T>;

    /// The value, to be changed.
    pub fn own<T>(shared: &mut Shared<T>) -> &mut T {
        shared
    }
}

#[cfg(not(target_family = "wasm"))]
mod together {
    use std::sync::Arc;

    /// Held by any number of states.
    pub type Shared<T> = Arc<T>;

    /// The value, to be changed for whoever asks alone.
    pub fn own<T: Clone>(shared: &mut Shared<T>) -> &mut T {
        Arc::make_mut(shared)
    }
}

#[cfg(target_family = "wasm")]
pub use alone::{Shared, own};
#[cfg(not(target_family = "wasm"))]
pub use together::{Shared, own};
