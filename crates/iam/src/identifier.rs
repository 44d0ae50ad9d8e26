//! Unique ids: four letters for the kind and seventeen of base32. Source: IAM User Guide, "Unique identifiers".

use aws::Ids;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LENGTH: usize = 17;

/// `AROA...`, a role's.
pub(crate) fn of_role(ids: &Ids) -> String {
    made_of("AROA", &mut || ids.next_u64())
}

/// `ANPA...`, a managed policy's.
pub(crate) fn of_policy(ids: &Ids) -> String {
    made_of("ANPA", &mut || ids.next_u64())
}

/// The same id for the same name: of AWS's own policies, which nobody creates here.
pub(crate) fn of_aws_policy(name: &str) -> String {
    // FNV-1a over the name, and on.
    let mut state = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    made_of("ANPA", &mut || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 7
    })
}

fn made_of(kind: &str, next: &mut dyn FnMut() -> u64) -> String {
    let letters = (0..LENGTH).filter_map(|_| {
        let index = usize::try_from(next() % 32).ok()?;
        LETTERS.get(index).map(|letter| char::from(*letter))
    });
    kind.chars().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::{of_aws_policy, of_policy, of_role};
    use aws::Ids;

    #[test]
    fn ids_have_aws_s_form() {
        let ids = Ids::from_seed(3);
        for (id, kind) in [(of_role(&ids), "AROA"), (of_policy(&ids), "ANPA"), (of_aws_policy("x"), "ANPA")] {
            assert!(id.starts_with(kind) && id.len() == 21, "{id}");
            assert!(id.chars().all(|c| c.is_ascii_uppercase() || ('2'..='7').contains(&c)), "{id}");
        }
        assert_ne!(of_role(&ids), of_role(&ids));
        assert_ne!(of_aws_policy("x"), of_aws_policy("y"));
        assert_eq!(of_aws_policy("x"), of_aws_policy("x"));
    }
}
