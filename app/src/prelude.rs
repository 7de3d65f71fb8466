//! Leptos's prelude, with [this app's signals](crate::signals) in the place of Leptos's.

pub use leptos::prelude::*;

pub use crate::signals::{ArcRwSignal, Memo, RwSignal, StoredValue, effect};
