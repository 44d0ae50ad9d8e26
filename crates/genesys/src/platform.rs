//! What Trunkline itself serves in the shape of Genesys Cloud's Platform API, over whichever feed: event subscriptions, event
//! streams, past conversations.

pub mod conversation_query;
pub mod event_stream;
mod event_types;
pub mod page;
pub mod rendering;
pub mod request;
pub mod response;
pub mod subscription;
