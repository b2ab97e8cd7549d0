//! The selection of a subprotocol (RFC 6455, section 4.2.2).

/// Returns the first of `supported` that is offered.
pub(crate) fn by_server_order<'o, 's, O: Iterator<Item = &'o str>>(
    offered: impl Fn() -> O,
    supported: &[&'s str],
) -> Option<&'s str> {
    supported.iter().copied().find(|ours| offered().any(|theirs| theirs == *ours))
}

/// Returns the first of `offered` that is supported.
pub(crate) fn by_client_order<'o, 's>(
    mut offered: impl Iterator<Item = &'o str>,
    supported: &[&'s str],
) -> Option<&'s str> {
    offered.find_map(|theirs| supported.iter().copied().find(|ours| theirs == *ours))
}
