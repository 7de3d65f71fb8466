//! Bugs planted on purpose, each behind a feature of its own: `make planted` sees whether the proofs find them. Without a feature
//! there is nothing of them, and a release build with one does not compile.

/// A new grant's token is above those of the locks that there are, and may be that of one that was.
pub(crate) const FORGET_FENCE: bool = cfg!(feature = "planted-forget-fence");
/// The first of several that wait for a lock hears nothing of its end.
pub(crate) const SKIP_WAITER: bool = cfg!(feature = "planted-skip-waiter");
/// A `**` or `*` at the beginning stands for at least one thing.
pub(crate) const PATTERN_OFF_BY_ONE: bool = cfg!(feature = "planted-pattern-off-by-one");

#[cfg(all(
    not(debug_assertions),
    any(
        feature = "planted-forget-fence",
        feature = "planted-skip-waiter",
        feature = "planted-pattern-off-by-one"
    )
))]
compile_error!("a bug is planted in this build, and such builds are for tests alone");
