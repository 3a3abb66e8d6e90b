//! Planted faults: mistakes that a server could make, made on purpose at the seams of the simulation.
//!
//! Herald itself has no code for them. A run with a fault must be found faulty; that is what the checkers are for.

use crate::random::Random;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

macro_rules! faults {
    ($( #[doc = $help:literal] $fault:ident $percent:literal; )*) => {
        /// A mistake that is made on purpose.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Fault { $( #[doc = $help] $fault, )* }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$fault, )*];

            /// What goes wrong.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $( Self::$fault => $help, )* }
            }

            /// How many times of a hundred it happens where it could.
            const fn percent(self) -> u64 {
                match self { $( Self::$fault => $percent, )* }
            }
        }
    };
}

faults! {
    /// The store confirms commits without having synced them.
    SkippedSync 50;
    /// A promise is spoken when its commit is begun.
    EarlyPromise 50;
    /// A delivery is lost between the engine and the gateway.
    LostDelivery 20;
    /// The word of the gateway that a delivery has ended is lost.
    LostAcknowledgement 20;
    /// The last fact of a batch is not written.
    FactDropped 10;
    /// The batch before is written once more after the next.
    BatchTwice 30;
    /// An older document is told after a newer one.
    OlderDocument 10;
    /// A block is confirmed and not obeyed.
    BlockIgnored 100;
    /// A rule that forbids is confirmed and not made.
    RuleIgnored 100;
    /// A refusal of a request to watch is taken for consent.
    DecisionIgnored 100;
    /// A message leaves its inbox before the recipient has it.
    RemovedEarly 30;
    /// Two messages of one sender change places.
    MessagesSwapped 50;
    /// Evidence never expires, and the loss of an endpoint is not told.
    EvidenceForever 100;
    /// What the store could not write is not tried again.
    RetryNever 100;
    /// A start does not raise the epoch.
    EpochNotRaised 100;
    /// A delivery is given to the gateway twice, the second time under another name.
    DeliveredTwice 30;
    /// Who has unsubscribed is told once more.
    ToldAfterEnd 100;
    /// The gateway is not woken when something of its own is due.
    TimerOff 5;
    /// What is due of the gateway is done a minute late.
    TimerLate 100;
    /// A start takes up the soft state as if it were five minutes later.
    SoftStateMisdated 100;
    /// One of the copies of a message to a group is not written.
    CopyDropped 50;
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Vec::from_iter(Self::ALL.iter().map(Self::to_string)).join(", ");
        let found = Self::ALL.iter().find(|fault| fault.to_string() == name);
        found.copied().ok_or_else(|| format!("there is no fault {name}; there are {}", names()))
    }
}

/// The switch of the one fault that is planted, if any; clones share it.
#[derive(Clone)]
pub(crate) struct Faults(Rc<RefCell<Switch>>);

struct Switch {
    planted: Option<Fault>,
    random: Random,
    struck: u64,
}

impl Faults {
    pub(crate) fn new(planted: Option<Fault>, random: Random) -> Self {
        Self(Rc::new(RefCell::new(Switch { planted, random, struck: 0 })))
    }

    /// Whether this fault happens now.
    pub(crate) fn strike(&self, fault: Fault) -> bool {
        let mut switch = self.0.borrow_mut();
        let strikes = switch.planted == Some(fault) && switch.random.percent(fault.percent());
        switch.struck += u64::from(strikes);
        strikes
    }

    /// How often it has happened.
    pub(crate) fn struck(&self) -> u64 {
        self.0.borrow().struck
    }
}
