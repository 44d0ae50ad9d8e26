//! The console: what happened, why, and the button that puts it right, as web pages.
//!
//! A page is a pure function from what the components show to HTML: [`page`] asks a [`source::Source`] what the command line asks,
//! and writes down the answer. It reads no clock, opens no socket and keeps nothing; the server mounts it below `/console/`,
//! brings the answers, and carries what is live over one stream of server-sent events a tab ([`live`], [`meter`]).
//!
//! - Texts of strangers are text nodes ([`payload`]); markup is made by `maud`, which escapes by type.
//! - What acts is a row of [`verb::VERBS`]: nothing else can be done through the console.
//! - Styles and modules are files of ours ([`asset`]), so that the content security policy allows nothing inline.

pub mod address;
pub mod answer;
pub mod asset;
pub mod bundle;
pub mod live;
pub mod meter;
pub mod source;
pub mod standing;
pub mod verb;

mod command;
mod graph;
mod layout;
mod pages;
pub mod parts;
mod payload;
mod pipeline;
mod series;
mod value;
mod words;

use crate::answer::{Answer, Visit};
use crate::layout::Frame;
use crate::source::Source;

/// The page at a path, as far as there is one; an error is a page as well.
pub async fn page(source: &Source, visit: &Visit) -> Answer {
    let standing = standing::read(source).await;
    let frame = Frame { standing: &standing, token: &visit.token, path: &visit.path };
    match pages::at(source, visit).await {
        Ok(sheet) => Answer::page(200, layout::page(&frame, &sheet)),
        Err(error) => Answer::page(error.status.max(400), layout::trouble(&frame, &error)),
    }
}
