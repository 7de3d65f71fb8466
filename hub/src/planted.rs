//! Bugs planted on purpose, each behind a feature of its own: `make planted` sees whether the proofs find them. Without a feature
//! there is nothing of them, and a release build with one does not compile.

/// Callers are told before the disk is.
pub(crate) const ACKNOWLEDGE_BEFORE_COMMIT: bool = cfg!(feature = "planted-acknowledge-before-commit");
/// Everybody sees what the disk does not have yet.
pub(crate) const PUBLISH_UNCOMMITTED: bool = cfg!(feature = "planted-publish-uncommitted");
/// What was answered under a `request_id` is known until the next start only.
pub(crate) const DROP_REQUEST_ID: bool = cfg!(feature = "planted-drop-request-id");

#[cfg(all(
    not(debug_assertions),
    any(
        feature = "planted-acknowledge-before-commit",
        feature = "planted-publish-uncommitted",
        feature = "planted-drop-request-id"
    )
))]
compile_error!("a bug is planted in this build, and such builds are for tests alone");
