//! The fuzz target's corpus and a thousand of mutations of it, in the ordinary tests.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::strategy::Strategy as _;

use crate::mutation::{self, Edit};
use crate::target;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_post_is_an_event_a_handshake_or_refused(
        file in any::<proptest::sample::Index>(),
        edits in vec(any::<(u8, u16, u8)>().prop_map(|(kind, place, piece)| Edit { kind, place, piece }), 0..6),
    ) {
        let corpus = mutation::corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz"), "webhook");
        target::webhook(&mutation::mutated(file.get(&corpus).as_slice(), &edits));
    }
}
