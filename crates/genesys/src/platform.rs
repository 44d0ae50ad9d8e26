//! What Trunkline itself serves in the shape of Genesys Cloud's Platform API, over whichever feed.

pub mod answer;
pub mod asked;
pub mod page;
pub mod stored;
