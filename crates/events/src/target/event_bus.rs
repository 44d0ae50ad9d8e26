//! Another event bus as a target.

use aws::Error;

use crate::buses::bus::BusName;
use crate::target::kind::{Service, TargetKind};
use crate::target::{Input, Target};

/// Event buses of this account and region: the event is accepted there in the commit that settles its delivery.
pub static KIND: TargetKind = TargetKind {
    plural: "event buses",
    here: Service::Called,
    elsewhere: Service::Missing,
    takes_http_parameters: false,
    is_named_by: |arn| BusName::of_arn(arn).is_some(),
    check,
    no_way_back: "it has been accepted on the other bus",
};

/// Words: reported of AWS's answer by users of Terraform and CDK.
fn check(target: &Target) -> Result<(), Error> {
    if target.input == Input::Whole {
        return Ok(());
    }
    Err(Error::validation(format!("Modifying the input for target {} is not supported", target.id)))
}
