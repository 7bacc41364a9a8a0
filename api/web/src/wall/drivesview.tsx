// What is seen of the tour, the past and the keys.

import type { Wall } from './wall';
import { PlaybackBar } from './playbackbar';
import { KeySheet } from './remotekeys';
import { word } from './remotewords';

/** What lies over the map. */
export function DrivesView({ wall }: { wall: Wall }) {
  const { drives } = wall;
  const lang = wall.lang.value;
  const kiosk = wall.address.state.value.kiosk === true;
  return (
    <>
      <PlaybackBar lang={lang} playback={drives.playback} failed={drives.failed.value} controls={!kiosk} />
      {drives.sheet.value && <KeySheet lang={lang} closed={() => (drives.sheet.value = false)} keys={wall.keys} />}
    </>
  );
}

/** The switches in the head. */
export function DriveButtons({ wall }: { wall: Wall }) {
  const { drives } = wall;
  const lang = wall.lang.value;
  const touring = wall.address.state.value.tour === true;
  const held = touring && drives.tour.heldUntil.value > wall.now.value;
  const past = drives.playback.on.value;
  return (
    <>
      <button class={`quiet${touring ? ' on' : ''}`} type="button" aria-pressed={touring} onClick={() => drives.switchTour()}>
        {word(lang, held ? 'tourHeld' : 'tour')}
      </button>
      {wall.facts.card('events') && (
        <button class={`quiet${past ? ' on' : ''}`} type="button" aria-pressed={past} onClick={() => drives.switchPlayback()}>
          {word(lang, 'playback')}
        </button>
      )}
      <button class="quiet" type="button" aria-label={word(lang, 'keys')} title={word(lang, 'keys')} onClick={() => (drives.sheet.value = true)}>
        ?
      </button>
    </>
  );
}
