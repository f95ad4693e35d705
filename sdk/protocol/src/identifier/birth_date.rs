//! The eight digits of a birth date inside a person's number.

use jiff::civil::Date;

/// The date that `digits` (YYYYMMDD) say, if the calendar has it and the year is 1800 to 2099.
///
/// Whether it lies in the future cannot be said here: this crate has no clock.
pub(crate) fn read(digits: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, m1, m2, d1, d2] = *<&[u8; 8]>::try_from(digits).ok()?;
    let value = |byte: u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let year = value(y1)? * 1000 + value(y2)? * 100 + value(y3)? * 10 + value(y4)?;
    let month = (value(m1)? * 10 + value(m2)?) as i8;
    let day = (value(d1)? * 10 + value(d2)?) as i8;
    if !(1800..=2099).contains(&year) {
        return None;
    }
    Date::new(year, month, day).ok()
}
