#!/bin/sh
# Makes every file of this folder again: espeak-ng speaks, sox resamples, make.ts trims, levels,
# measures and companders. Needs the Debian packages espeak-ng (1.51) and sox (14.4.2), and deno.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT

# say NAME VOICE WORDS_A_MINUTE TEXT: one utterance as 8 kHz and 16 kHz raw 16-bit samples.
say() {
  espeak-ng -v "$2" -s "$3" -w "$raw/$1.wav" "$4"
  # A telephone passes roughly 300-3400 Hz (ITU-T G.712); -D: no dither, so that runs repeat.
  sox -D "$raw/$1.wav" -t raw -e signed -b 16 -c 1 -r 8000 "$raw/$1.8k" rate -v 8000 sinc -n 255 200-3600
  sox -D "$raw/$1.wav" -t raw -e signed -b 16 -c 1 -r 16000 "$raw/$1.16k" rate -v 16000
}

say question_open   en-us    165 'What time do you open tomorrow?'
say question_hear   en-gb+f3 170 'Can you hear me clearly?'
say question_order  en-gb+f3 165 'Where is my order?'
say booking_a       en-us    155 'I would like to book a table for two people,'
say booking_b       en-us    155 'on Friday evening at eight.'
say stop_wait       en-us    190 'Stop, wait!'
say mm_hm           en-us    150 "[[m'm_hm'm]]"
say hello           en-gb+f3 160 'Hello?'
say yes             en-gb+f3 170 'Yes.'
say uhm             en-us    260 "[[Vm]]"
say table           en-us    165 "I'd like a table"
say for_two         en-us    165 'for two.'

deno run --allow-read --allow-write "$here/make.ts" "$raw" "$here"
