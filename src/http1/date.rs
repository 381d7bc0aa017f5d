//! The `Date` field (RFC 9110, section 6.6.1).

use time::OffsetDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

use crate::os::Millis;

/// An IMF-fixdate (RFC 9110, section 5.6.7).
const IMF_FIXDATE: StaticFormatDescription = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// The value of the `Date` field.
#[must_use]
pub fn http_date(now: Millis) -> String {
    OffsetDateTime::from_unix_timestamp((now / 1000.0).floor() as i64)
        .ok()
        .and_then(|time| time.format(IMF_FIXDATE).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_date_is_right_in_every_kind_of_year() {
        let cases = [
            (0.0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777_000.0, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399_999.0, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400_000.0, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_164_800_000.0, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_795_345_170_000.0, "Sun, 22 Nov 2026 10:59:30 GMT"),
            (4_107_542_400_000.0, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1.0, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ];
        for (now, date) in cases {
            assert_eq!(http_date(now), date);
        }
    }
}
