// When GlitchTip's worker was started last, as the operator tells: what an older one held in its memory is gone. Kept on the volume, one for all gateways.
import { readWhole, writeWhole, type SpoolFiles } from '../spool/files.js';

export class WorkerStart {
  constructor(private readonly files: SpoolFiles, private readonly path: string, private readonly now: () => number) {}

  /** Milliseconds of Unix time. Undefined: nobody has told, or the file is damaged. @throws the system's error */
  read(): number | undefined {
    const at = Number(readWhole(this.files, this.path)?.toString('utf8') ?? Number.NaN);
    return Number.isSafeInteger(at) ? at : undefined;
  }

  /**
   * Durable when it returns. What is told late, of an older start, changes nothing; a start to come is one of now: it would prove
   * something of records that this worker holds.
   * @param at begin of the oldest worker process that runs. Milliseconds of Unix time
   * @returns what is known now. @throws the system's error
   */
  tell(at: number): number {
    const known = Math.max(Math.min(at, this.now()), this.read() ?? 0);
    writeWhole(this.files, this.path, [Buffer.from(String(known))]);
    return known;
  }
}
