// Round trips by beacons and their answers: what counts, what does not, and that the least of the last ones is told.
import { expect, test } from "vitest";
import { RoundTrips } from "../../../src-shared/overlay/round-trips.ts";

test("is unknown until a beacon was answered", () => {
  const trips = new RoundTrips();
  trips.asked(1, 1000);
  expect(trips.trip).toEqual({});
  trips.answered(undefined, 1001);
  trips.answered(7, 1002);
  expect(trips.trip).toEqual({});
  trips.answered(1, 1002.5);
  expect(trips.trip).toEqual({ trip: { beacon: 1, us: 2500 } });
});

test("an answer that comes twice, and a beacon that is said again, count once", () => {
  const trips = new RoundTrips();
  trips.asked(1, 1000);
  trips.asked(1, 1040);
  trips.answered(1, 1050);
  trips.asked(1, 1060);
  trips.answered(1, 1061);
  expect(trips.trip).toEqual({ trip: { beacon: 1, us: 50_000 } });
});

test("the least of the last ten is told: a busy moment is nobody's distance, a longer way is", () => {
  const trips = new RoundTrips();
  const trip = (beacon: number, ms: number): number | undefined => {
    trips.asked(beacon, beacon * 1000);
    trips.answered(beacon, beacon * 1000 + ms);
    return trips.trip.trip?.us;
  };
  expect(trip(1, 20)).toBe(20_000);
  expect(trip(2, 500)).toBe(20_000);
  for (let beacon = 3; beacon <= 10; beacon += 1) expect(trip(beacon, 90)).toBe(20_000);
  expect(trip(11, 90)).toBe(90_000);
});

test("answers that take longer than the next beacons are still measured", () => {
  const trips = new RoundTrips();
  for (const beacon of [1, 2, 3]) trips.asked(beacon, beacon * 1000);
  trips.answered(1, 3500);
  expect(trips.trip).toEqual({ trip: { beacon: 1, us: 2_500_000 } });
  for (let beacon = 4; beacon <= 20; beacon += 1) trips.asked(beacon, beacon * 1000);
  trips.answered(2, 21_000);
  expect(trips.trip.trip?.beacon).toBe(1);
});
