// What happened, in order: every event of the runs but output, with the hosts and the reasons.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type JSX } from "react";
import { useStore } from "zustand";
import { Empty } from "../marks/Empty.tsx";
import { dayTimeText } from "../marks/words.ts";
import { eventsStore, type TimedEvent } from "../state/events-store.ts";
import { eventText } from "../state/event-text.ts";

const ROW_PX = 22;

export function EventsView(): JSX.Element {
  const events = useStore(eventsStore, (state) => state.events);
  const [filter, setFilter] = useState("");
  const shown = useMemo(() => {
    const words = filter.toLowerCase();
    return words === "" ? events : events.filter((event) => eventText(event).toLowerCase().includes(words));
  }, [events, filter]);
  if (events.length === 0)
    return <Empty title="No events yet">What happens in a run is told here, in order.</Empty>;
  return (
    <section className="view">
      <div className="toolbar">
        <input
          className="field"
          type="search"
          placeholder="Filter"
          aria-label="Filter events"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span className="grow" />
        <span className="sub">
          {shown.length} of {events.length} events
        </span>
      </div>
      <Rows events={shown} />
    </section>
  );
}

function Rows({ events }: { readonly events: readonly TimedEvent[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  });
  useEffect(() => {
    // In the next frame: a view that was hidden has no size before.
    const frame = requestAnimationFrame(() => {
      if (follows.current && events.length > 0) rows.scrollToIndex(events.length - 1);
    });
    return () => cancelAnimationFrame(frame);
  }, [events.length, rows]);
  return (
    <div
      ref={place}
      className="scroll events"
      tabIndex={0}
      role="log"
      aria-label="Events"
      onScroll={({ currentTarget }) => {
        const { scrollTop, scrollHeight, clientHeight } = currentTarget;
        follows.current = scrollHeight - scrollTop - clientHeight < ROW_PX * 2;
      }}
    >
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const event = events[index];
          return event === undefined ? null : (
            <div key={key} className="event-row" style={{ transform: `translateY(${String(start)}px)` }}>
              <time className="mono" dateTime={event.time}>
                {dayTimeText(Date.parse(event.time), true)}
              </time>
              <span className="kind">{event.event}</span>
              <span className="words">{eventText(event)}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
