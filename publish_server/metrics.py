"""Every metric of publish_server. Each name ends in its unit."""

from prometheus_client import Counter, Gauge, Histogram

STREAMS = Gauge("hotchat_streams_open", "Open streams of this process", ["kind"])
ROOMS = Gauge("hotchat_hub_rooms_watched", "Rooms this process follows")
STALLED = Gauge("hotchat_streams_stalled", "Streams whose client has not read what it was sent")
BUFFERED_BYTES = Gauge(
    "hotchat_streams_held_bytes",
    "Bytes that clients have not read; bytes that several streams share count once",
)
RINGS_SHRUNK = Counter(
    "hotchat_hub_rings_shrunk_total", "Times a ring dropped its oldest frames because all rings were full"
)
RING_BYTES = Gauge("hotchat_hub_ring_bytes", "Bytes of frames kept for streams that lag or resume")
CLOSED = Counter("hotchat_streams_closed_total", "Streams that ended", ["reason"])
REFUSED = Counter("hotchat_streams_refused_total", "Streams that were not opened", ["code"])

CONSUMED = Counter("hotchat_records_consumed_total", "Kafka records read")
MALFORMED = Counter("hotchat_records_malformed_total", "Kafka records skipped because they cannot be framed")
CONSUMER_STARTS = Counter(
    "hotchat_consumer_starts_total", "Kafka consumers started: one at startup and one per failure"
)
CONSUMER_CONNECTED = Gauge("hotchat_consumer_connected", "1 while a Kafka consumer is positioned")

OFFERED = Counter("hotchat_hub_events_total", "Sequenced events of watched rooms, by verdict", ["verdict"])
SIGNALS = Counter("hotchat_hub_signals_total", "Signals of watched rooms, taken or dropped", ["verdict"])
TEXTS_REMOVED = Counter(
    "hotchat_hub_frames_blanked_total", "Frames from which a deleted message's text was removed"
)
GAPS = Counter("hotchat_hub_gaps_total", "stream.gap frames sent or put into a room's log", ["reason"])
RESTORED = Counter(
    "hotchat_hub_healed_events_total", "Events read from chat_server because Kafka did not deliver them"
)
CHAT_CALLS = Counter("hotchat_chat_calls_total", "Internal calls to chat_server", ["call", "outcome"])
PAGE_BYTES = Gauge("hotchat_history_bytes", "Bytes of old events kept or being read for resuming streams")
PAGES = Counter("hotchat_history_pages_total", "Pages of old events for resuming streams", ["outcome"])

WRITES = Counter("hotchat_flush_writes_total", "Writes to up-to-date streams")
FLUSHES_SHARED = Counter(
    "hotchat_flushes_shared_total", "Flushes sent as shared pages, without a copy per stream"
)
FLUSH_BYTES = Counter(
    "hotchat_flush_bytes_total", "Bytes that those writes gave to the kernel or the transport"
)
REACTIONS_MERGED = Counter(
    "hotchat_flush_reactions_merged_total", "Frames of reactions that a later one in the same flush replaced"
)
FLUSH_SECONDS = Histogram(
    "hotchat_flush_busy_seconds",
    "Time a flush kept the core busy",
    buckets=(0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1),
)
FLUSH_QUEUE = Gauge("hotchat_flush_queue_rooms", "Rooms whose flush is queued")
WRITE_COST = Gauge("hotchat_flush_write_cost_seconds", "Estimated seconds of one write")

VIEWERS_REPORTS = Counter("hotchat_viewers_reports_total", "Reports of open streams to Redis", ["outcome"])

WAITING = Gauge("hotchat_places_waiting", "People who wait for a stream, over all processes")
PLACES = Counter("hotchat_places_total", "Places in the queue for streams, by what happened", ["outcome"])
