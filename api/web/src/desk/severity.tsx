// How severe an event is: more bars, a stronger colour, and the word.

/** What the badge is given: the place of the severity among all of them, from 0, and its title. */
export interface SeverityProps {
  readonly place: number;
  readonly title: string;
}

/** The badge of a severity. */
export function Severity({ place, title }: SeverityProps) {
  const bars = Math.max(0, Math.min(3, place)) + 1;
  return (
    <span class={`severity s${bars}`}>
      <svg viewBox="0 0 16 12" aria-hidden="true">
        {[0, 1, 2, 3].map((i) => (
          <rect key={i} x={i * 4} y={9 - i * 3} width="3" height={3 + i * 3} class={i < bars ? 'on' : 'off'} />
        ))}
      </svg>
      {title}
    </span>
  );
}
