//! The four declarative macros in which ASN.1 types are written down. Each line pairs the name in the ASN.1, in
//! quotes, with the name in Rust and the type, in the order of the wire.

/// Declares SEQUENCE types.
///
/// `required` and `optional` say whether a component is OPTIONAL. `... { … }`, the extension marker, follows where the type is
/// extensible: its components are optional whatever the ASN.1 says, and the struct has a further field
/// `unknown_additions` for those of newer editions.
///
/// ```text
/// sequence! {
///     /// Doc comment.
///     Name { required "asn1Name" rust_name: Type, optional "other" other: Type, }
///     ... { "newer" newer: Type, }
/// }
/// ```
#[macro_export]
macro_rules! sequence {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $( $presence:ident $asn:literal $field:ident : $type:ty, )* }
        $( ... { $( $new_asn:literal $new:ident : $new_type:ty, )* } )?
    )*) => { $(
        $(#[$attribute])*
        #[derive(Clone, Debug, Default, Eq, PartialEq)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[allow(missing_docs)]
        pub struct $name {
            $( pub $field: $crate::component!($presence type $type), )*
            $( $( pub $new: Option<$new_type>, )*
            pub unknown_additions: $crate::known_types!(UnknownAdditions $($new)*), )?
        }

        #[allow(unused_mut, unused_variables, unused_assignments)]
        impl $crate::per::Per for $name {
            fn encode(&self, encoder: &mut $crate::per::Encoder) -> Result<(), $crate::per::EncodeError> {
                $( let known = $crate::count!($($new)*);
                let mut bitmap = $crate::per::Bitmap::default();
                let mut index = 0;
                $( if self.$new.is_some() { bitmap.add(index); }
                index += 1; )*
                bitmap.add_unknown(known, &self.unknown_additions);
                encoder.bit(!bitmap.is_empty()); )?
                $( $crate::component!($presence announce encoder self.$field); )*
                $( $crate::component!($presence encode encoder self.$field); )*
                $( if !bitmap.is_empty() {
                    bitmap.encode(encoder)?;
                    $( if let Some(value) = &self.$new {
                        encoder.open_type(|encoder| $crate::per::Per::encode(value, encoder))?;
                    } )*
                    $crate::per::Bitmap::encode_unknown($crate::count!($($new)*), &self.unknown_additions, encoder)?;
                } )?
                Ok(())
            }

            fn decode(decoder: &mut $crate::per::Decoder<'_>) -> Result<Self, $crate::per::DecodeError> {
                $( let known = $crate::count!($($new)*);
                let extended = decoder.bit()?; )?
                $( let $field = $crate::component!($presence announced decoder); )*
                $( let $field = $crate::component!($presence decode decoder $field); )*
                $( let mut bitmap = $crate::per::Bitmap::default();
                if extended {
                    bitmap = $crate::per::Bitmap::decode(decoder)?;
                }
                let mut index = 0;
                $( let mut $new = None;
                if bitmap.has(index) {
                    $new = Some(decoder.open_type(<$new_type as $crate::per::Per>::decode)?);
                }
                index += 1; )*
                let unknown_additions = bitmap.decode_unknown(known, decoder)?; )?
                Ok(Self {
                    $( $field, )*
                    $( $( $new, )* unknown_additions: $crate::same!(unknown_additions $($new)*), )?
                })
            }
        }

        impl $crate::per::Json for $name {
            fn to_json(&self) -> $crate::per::Value {
                #[allow(unused_mut)]
                let mut members = $crate::per::Map::new();
                $( $crate::component!($presence write members $asn self.$field); )*
                $( $( if let Some(value) = &self.$new {
                    members.insert($new_asn.to_owned(), $crate::per::Json::to_json(value));
                } )*
                if !self.unknown_additions.is_empty() {
                    let value = $crate::per::Json::to_json(&self.unknown_additions);
                    members.insert($crate::same!("unknownAdditions" $($new)*).to_owned(), value);
                } )?
                $crate::per::Value::Object(members)
            }

            fn from_json(value: &$crate::per::Value) -> Result<Self, $crate::per::JsonError> {
                #[allow(unused_mut)]
                let mut members = $crate::per::Members::of(value)?;
                let read = Self {
                    $( $field: $crate::component!($presence read members $asn), )*
                    $( $( $new: members.optional($new_asn)?, )*
                    unknown_additions: members.optional($crate::same!("unknownAdditions" $($new)*))?.unwrap_or_default(), )?
                };
                members.finish(&[$( $asn, )* $( $( $new_asn, )* $crate::same!("unknownAdditions" $($new)*), )?])?;
                Ok(read)
            }
        }
    )* };
}

/// Declares CHOICE types.
///
/// An alternative without a type is NULL; the default is the first alternative. `... { … }`, the extension marker, follows where the type is extensible; the enum then has
/// a further variant `UnknownAlternative` for the alternatives of newer editions.
///
/// ```text
/// choice! {
///     /// Doc comment.
///     Name { "asn1Name" RustName(Type), "nothing" Nothing, } ... { "newer" Newer(Type), }
/// }
/// ```
#[macro_export]
macro_rules! choice {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $( $asn:literal $variant:ident $(($type:ty))?, )* }
        $( ... { $( $new_asn:literal $new:ident $(($new_type:ty))?, )* } )?
    )*) => { $( $crate::choice! { @one
        [$(#[$attribute])*] $name { $( $asn $variant $(($type))?, )* } $( ... { $( $new_asn $new $(($new_type))?, )* } )?
    } )* };
    (@one [$($attributes:tt)*] $name:ident { $( $asn:literal $variant:ident $(($type:ty))?, )* }) => {
        $($attributes)*
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[allow(missing_docs)]
        pub enum $name { $( $variant $(($type))?, )* }

        impl Default for $name {
            #[allow(unreachable_code)]
            fn default() -> Self {
                $( return Self::$variant $((<$type>::default()))?; )*
            }
        }

        impl $crate::per::Per for $name {
            fn encode(&self, encoder: &mut $crate::per::Encoder) -> Result<(), $crate::per::EncodeError> {
                $crate::choice!(@encode_root self encoder $( $variant $(($type))?, )*);
                Ok(())
            }

            fn decode(decoder: &mut $crate::per::Decoder<'_>) -> Result<Self, $crate::per::DecodeError> {
                $crate::choice!(@decode_root decoder $( $variant $(($type))?, )*)
            }
        }

        impl $crate::per::Json for $name {
            fn to_json(&self) -> $crate::per::Value {
                $crate::choice!(@write self $( $asn $variant $(($type))?, )*);
                $crate::per::Value::Null
            }

            fn from_json(value: &$crate::per::Value) -> Result<Self, $crate::per::JsonError> {
                let (name, value) = $crate::per::alternative(value)?;
                $crate::choice!(@read name value $( $asn $variant $(($type))?, )*);
                Err($crate::per::JsonError::new("is not an alternative of this type").at(name))
            }
        }
    };
    (@one [$($attributes:tt)*] $name:ident { $( $asn:literal $variant:ident $(($type:ty))?, )* }
        ... { $( $new_asn:literal $new:ident $(($new_type:ty))?, )* }) => {
        $($attributes)*
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[allow(missing_docs)]
        pub enum $name { $( $variant $(($type))?, )* $( $new $(($new_type))?, )*
            #[cfg_attr(feature = "arbitrary", arbitrary(skip))]
            UnknownAlternative($crate::per::UnknownAlternative),
        }

        impl Default for $name {
            #[allow(unreachable_code)]
            fn default() -> Self {
                $( return Self::$variant $((<$type>::default()))?; )*
            }
        }

        #[allow(unused_variables, unused_mut, unused_assignments)]
        impl $crate::per::Per for $name {
            fn encode(&self, encoder: &mut $crate::per::Encoder) -> Result<(), $crate::per::EncodeError> {
                let mut index = 0;
                $( if let Self::$new $(($crate::bind!($new_type, value)))? = self {
                    encoder.bit(true);
                    encoder.small(index);
                    return encoder.open_type(|encoder| {
                        $( <$new_type as $crate::per::Per>::encode(value, encoder)?; )?
                        Ok(())
                    });
                }
                index += 1; )*
                if let Self::UnknownAlternative(unknown) = self {
                    encoder.bit(true);
                    encoder.small(u32::from(unknown.index));
                    return encoder.open_type_octets(&unknown.octets);
                }
                encoder.bit(false);
                $crate::choice!(@encode_root self encoder $( $variant $(($type))?, )*);
                Ok(())
            }

            fn decode(decoder: &mut $crate::per::Decoder<'_>) -> Result<Self, $crate::per::DecodeError> {
                if decoder.bit()? {
                    let chosen = decoder.small()?;
                    let mut index = 0;
                    $( if chosen == index {
                        return decoder.open_type(|decoder| Ok(Self::$new $((<$new_type as $crate::per::Per>::decode(decoder)?))?));
                    }
                    index += 1; )*
                    return $crate::per::UnknownAlternative::decode(chosen, decoder).map(Self::UnknownAlternative);
                }
                $crate::choice!(@decode_root decoder $( $variant $(($type))?, )*)
            }
        }

        impl $crate::per::Json for $name {
            fn to_json(&self) -> $crate::per::Value {
                $crate::choice!(@write self $( $asn $variant $(($type))?, )* $( $new_asn $new $(($new_type))?, )*
                    "unknownAlternative" UnknownAlternative($crate::per::UnknownAlternative),);
                $crate::per::Value::Null
            }

            fn from_json(value: &$crate::per::Value) -> Result<Self, $crate::per::JsonError> {
                let (name, value) = $crate::per::alternative(value)?;
                $crate::choice!(@read name value $( $asn $variant $(($type))?, )* $( $new_asn $new $(($new_type))?, )*
                    "unknownAlternative" UnknownAlternative($crate::per::UnknownAlternative),);
                Err($crate::per::JsonError::new("is not an alternative of this type").at(name))
            }
        }
    };
    (@encode_root $self:ident $encoder:ident $( $variant:ident $(($type:ty))?, )*) => {
        let last = $crate::count!($($variant)*) - 1;
        let mut index = 0;
        $( if let Self::$variant $(($crate::bind!($type, value)))? = $self {
            $encoder.constrained(index, 0, last)?;
            $( <$type as $crate::per::Per>::encode(value, $encoder)?; )?
        }
        index += 1; )*
        let _ = index;
    };
    (@decode_root $decoder:ident $( $variant:ident $(($type:ty))?, )*) => { {
        let chosen = $decoder.constrained(0, $crate::count!($($variant)*) - 1)?;
        let mut index = 0;
        $( if chosen == index {
            return Ok(Self::$variant $((<$type as $crate::per::Per>::decode($decoder)?))?);
        }
        index += 1; )*
        let _ = index;
        Err($crate::per::DecodeError::OutOfRange { what: "alternative", value: chosen })
    } };
    (@write $self:ident $( $asn:literal $variant:ident $(($type:ty))?, )*) => {
        $( if let Self::$variant $(($crate::bind!($type, value)))? = $self {
            #[allow(unused_mut, unused_assignments)]
            let mut reading = $crate::per::Value::Null;
            $( reading = <$type as $crate::per::Json>::to_json(value); )?
            return $crate::per::member($asn, reading);
        } )*
    };
    (@read $name:ident $value:ident $( $asn:literal $variant:ident $(($type:ty))?, )*) => {
        $( if $name == $asn {
            return Ok(Self::$variant $((<$type as $crate::per::Json>::from_json($value).map_err(|error| error.at($asn))?))?);
        } )*
    };
}

/// Declares extensible ENUMERATED types; a newer edition's value is kept as `Unknown`.
#[macro_export]
macro_rules! enumerated {
    ($( $(#[$attribute:meta])* $name:ident { $( $asn:literal $variant:ident, )* } )*) => { $(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[allow(missing_docs)]
        pub enum $name {
            $( $variant, )*
            #[cfg_attr(feature = "arbitrary", arbitrary(skip))]
            Unknown(u16),
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ROOT[0].1
            }
        }

        impl $name {
            const ROOT: &[(&'static str, Self)] = &[$( ($asn, Self::$variant), )*];
        }

        impl $crate::per::Per for $name {
            fn encode(&self, encoder: &mut $crate::per::Encoder) -> Result<(), $crate::per::EncodeError> {
                if let Self::Unknown(value) = self {
                    encoder.bit(true);
                    encoder.small(u32::from(*value));
                    return Ok(());
                }
                encoder.bit(false);
                let index = Self::ROOT.iter().position(|(_, value)| value == self).unwrap_or_default();
                encoder.constrained(index as u64, 0, Self::ROOT.len() as u64 - 1)
            }

            fn decode(decoder: &mut $crate::per::Decoder<'_>) -> Result<Self, $crate::per::DecodeError> {
                if decoder.bit()? {
                    let index = decoder.small()?;
                    return u16::try_from(index).map(Self::Unknown).map_err(|_| {
                        $crate::per::DecodeError::OutOfRange { what: "enumerated value", value: u64::from(index) }
                    });
                }
                let index = decoder.constrained(0, Self::ROOT.len() as u64 - 1)?;
                let value = Self::ROOT.get(index as usize).map(|(_, value)| *value);
                value.ok_or($crate::per::DecodeError::OutOfRange { what: "enumerated value", value: index })
            }
        }

        impl $crate::per::Json for $name {
            fn to_json(&self) -> $crate::per::Value {
                if let Self::Unknown(value) = self {
                    return (*value).into();
                }
                let name = Self::ROOT.iter().find(|(_, value)| value == self).map(|(name, _)| *name);
                name.unwrap_or_default().into()
            }

            fn from_json(value: &$crate::per::Value) -> Result<Self, $crate::per::JsonError> {
                if let Some(value) = value.as_u64().and_then(|value| u16::try_from(value).ok()) {
                    return Ok(Self::Unknown(value));
                }
                let found = Self::ROOT.iter().find(|(name, _)| value.as_str() == Some(name)).map(|(_, value)| *value);
                found.ok_or_else(|| $crate::per::JsonError::new("expected the name of a value"))
            }
        }
    )* };
}

/// Declares permitted alphabets of four-bit strings.
#[macro_export]
macro_rules! alphabet {
    ($( $(#[$attribute:meta])* $name:ident = $characters:literal; )*) => { $(
        $(#[$attribute])*
        pub struct $name;

        impl $crate::per::Alphabet for $name {
            const CHARACTERS: &'static [u8] = $characters;
        }
    )* };
}

/// What a `required` or an `optional` component is at each step.
#[doc(hidden)]
#[macro_export]
macro_rules! component {
    (required type $type:ty) => { $type };
    (optional type $type:ty) => { Option<$type> };
    (required announce $encoder:ident $value:expr) => {};
    (optional announce $encoder:ident $value:expr) => { $encoder.bit($value.is_some()) };
    (required encode $encoder:ident $value:expr) => { $crate::per::Per::encode(&$value, $encoder)? };
    (optional encode $encoder:ident $value:expr) => {
        if let Some(value) = &$value {
            $crate::per::Per::encode(value, $encoder)?;
        }
    };
    (required announced $decoder:ident) => { true };
    (optional announced $decoder:ident) => { $decoder.bit()? };
    (required decode $decoder:ident $present:ident) => { $crate::per::Per::decode($decoder)? };
    (optional decode $decoder:ident $present:ident) => {
        if $present { Some($crate::per::Per::decode($decoder)?) } else { None }
    };
    (required write $members:ident $asn:literal $value:expr) => {
        $members.insert($asn.to_owned(), $crate::per::Json::to_json(&$value))
    };
    (optional write $members:ident $asn:literal $value:expr) => {
        if let Some(value) = &$value {
            $members.insert($asn.to_owned(), $crate::per::Json::to_json(value));
        }
    };
    (required read $members:ident $asn:literal) => { $members.required($asn)? };
    (optional read $members:ident $asn:literal) => { $members.optional($asn)? };
}

/// How many names there are, as an integer literal expression of any type.
#[doc(hidden)]
#[macro_export]
macro_rules! count {
    ($($name:ident)*) => { 0 $( + $crate::same!(1 $name) )* };
}

/// Its first argument; the names after it only say how often.
#[doc(hidden)]
#[macro_export]
macro_rules! same {
    ($first:tt $($name:ident)*) => {
        $first
    };
}

/// A type of this runtime; the names after it only say that the type is extensible.
#[doc(hidden)]
#[macro_export]
macro_rules! known_types {
    ($type:ident $($name:ident)*) => {
        $crate::per::$type
    };
}

/// The pattern that binds an alternative's value.
#[doc(hidden)]
#[macro_export]
macro_rules! bind {
    ($type:ty, $value:ident) => {
        $value
    };
}
