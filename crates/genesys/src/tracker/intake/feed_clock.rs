//! The feed's clock beside the wall's: a simulated org runs faster than the world, and the tracker waits in its time.

use std::time::Duration;

use aws::Timestamp;

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedMoment {
    /// On the wall: when timers ring, how long duplicates are known.
    pub wall: Timestamp,
    /// In the feed: how long a conversation has been silent.
    pub feed: Timestamp,
    /// How many times as fast as the wall's the feed's clock runs; at least 1.
    pub speed: u32,
}

impl FeedMoment {
    /// A feed of the real world: both clocks are one.
    pub fn real(now: Timestamp) -> Self {
        Self { wall: now, feed: now, speed: 1 }
    }

    /// When the feed's clock will show `feed`, on the wall.
    pub fn wall_at(&self, feed: Timestamp) -> Timestamp {
        self.wall.plus(feed.since(self.feed) / self.speed.max(1))
    }

    /// What the feed's clock shows `wall_later` after this moment.
    #[must_use]
    pub fn after(&self, wall_later: Duration) -> Self {
        let feed = self.feed.plus(wall_later.saturating_mul(self.speed));
        Self { wall: self.wall.plus(wall_later), feed, speed: self.speed }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws::Timestamp;

    use super::FeedMoment;

    #[test]
    fn a_fast_feed_waits_short_on_the_wall() {
        let moment = FeedMoment {
            wall: Timestamp::from_unix_ms(1_000),
            feed: Timestamp::from_unix_ms(500_000),
            speed: 60,
        };
        assert_eq!(moment.wall_at(Timestamp::from_unix_ms(560_000)).unix_ms(), 2_000);
        assert_eq!(moment.after(Duration::from_secs(1)).feed.unix_ms(), 560_000);
        assert_eq!(moment.wall_at(Timestamp::from_unix_ms(1)).unix_ms(), 1_000, "what is past is now");
    }
}
