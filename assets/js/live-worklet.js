/* What a microphone hears, in blocks, mono. It runs where sound is made; as a script of the page it does nothing. */
if (typeof registerProcessor === "function") {
  const BLOCK = 4096;

  class Hearing extends AudioWorkletProcessor {
    constructor() {
      super();
      this.block = new Float32Array(BLOCK);
      this.filled = 0;
    }

    process([channels]) {
      const length = channels.length ? channels[0].length : 0;
      for (let at = 0; at < length; at += 1) {
        let sum = 0;
        for (const channel of channels) sum += channel[at];
        this.block[this.filled] = sum / channels.length;
        this.filled += 1;
        if (this.filled === BLOCK) {
          this.port.postMessage(this.block.slice());
          this.filled = 0;
        }
      }
      return true;
    }
  }

  registerProcessor("segue-hearing", Hearing);
}
