// A short tone for new alerts, where a person has switched it on; this browser remembers that.
const KEY = "alert-sound";

export class Sound {
  #button;
  #audio = null;

  constructor(button) {
    this.#button = button;
    this.#show(localStorage.getItem(KEY) === "on");
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      localStorage.setItem(KEY, isOn ? "on" : "off");
      this.#show(isOn);
      if (isOn) this.play("warning");
    });
  }

  /** Two tones for what is critical, one for the rest; silent until a person has touched the page. */
  play(severity) {
    if (this.#button.getAttribute("aria-pressed") !== "true") return;
    this.#audio ??= new AudioContext();
    const start = this.#audio.currentTime;
    this.#tone(880, start);
    if (severity === "critical") this.#tone(1175, start + 0.22);
  }

  #tone(frequency, at) {
    const [source, volume] = [this.#audio.createOscillator(), this.#audio.createGain()];
    source.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
    source.connect(volume).connect(this.#audio.destination);
    source.start(at);
    source.stop(at + 0.22);
  }

  #show(isOn) {
    this.#button.setAttribute("aria-pressed", String(isOn));
  }
}
