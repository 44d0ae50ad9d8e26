//! Whether the real org that a pipeline names can be somewhere.

use genesys::client::address::Address;
use provision::noun::genesys::Source;
use provision::{Mistake, Pipeline};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "known-org",
    asks: "Is `genesys.org` a region in which Genesys Cloud runs, or an address?",
    why: "an org that is nowhere is reported only when `dev` or `serve` starts",
    fix: "name one of the listed regions, like `eu-central-1`, or the address of a simulated org",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    finding(pipeline).into_iter().collect()
}

fn finding(pipeline: &Pipeline) -> Option<Mistake> {
    let org = match &pipeline.genesys.as_ref()?.source {
        Source::Simulate { .. } => return None,
        Source::Notifications(org) => org,
        Source::PartnerQueue(queue) => queue.org.as_ref()?,
    };
    let named = org.org.as_ref()?;
    let sentence = Address::parse(&named.value).err()?;
    Some(Mistake::new(CHECK.name, named.span, sentence))
}
