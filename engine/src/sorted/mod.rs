//! Maps and sets in order of their keys.
//!
//! On a server, these are the standard library's trees. In the browser they are sorted vectors: a project there has thousands of
//! entries, not millions, and each kind of tree costs several kilobytes of program that every visitor has to load, while a
//! vector's costs a few hundred bytes. A test compares the two, operation by operation.

#[cfg(any(test, target_family = "wasm"))]
mod map;
#[cfg(any(test, target_family = "wasm"))]
mod set;
mod sort;
#[cfg(test)]
mod tests;

#[cfg(target_family = "wasm")]
pub use map::SortedMap;
#[cfg(target_family = "wasm")]
pub use set::SortedSet;
pub use sort::sort_by_key;
#[cfg(not(target_family = "wasm"))]
pub use std::collections::{BTreeMap as SortedMap, BTreeSet as SortedSet};
