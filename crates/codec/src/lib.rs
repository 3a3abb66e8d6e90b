//! Wire tools shared by the protocols.
//!
//! [`per`] is BASIC-PER, ALIGNED variant (ITU-T X.691), the encoding of H.225.0 and its relatives: a runtime and
//! four declarative macros in which a protocol crate writes its ASN.1 types down. No IO, no knowledge of any
//! protocol. To use it:
//!
//! ```
//! use codec::per::{self, Integer};
//! codec::sequence! {
//!     /// A point.
//!     Point { required "x" x: Integer<0, 255>, optional "y" y: Integer<0, 255>, }
//! }
//! let point: Point = per::decode(&[0x80, 7, 9]).unwrap();
//! assert_eq!(per::encode(&point).unwrap(), [0x80, 7, 9]);
//! ```

#![warn(missing_docs)]

pub mod per;
