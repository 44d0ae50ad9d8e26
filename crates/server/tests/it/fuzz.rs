//! The fuzz targets' corpora and some hundreds of mutations of them, in the ordinary tests.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::strategy::Strategy as _;

use crate::mutation::{self, Edit};
use crate::target;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_request_is_answered_and_the_door_stays_open(
        name in proptest::sample::select(vec!["door_query", "door_json", "door_rest"]),
        file in any::<proptest::sample::Index>(),
        edits in vec(any::<(u8, u16, u8)>().prop_map(|(kind, place, piece)| Edit { kind, place, piece }), 0..6),
    ) {
        let corpus = mutation::corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz"), name);
        target::request(&mutation::mutated(file.get(&corpus).as_slice(), &edits));
    }
}
