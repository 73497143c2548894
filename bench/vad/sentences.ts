/**
 * What the synthetic callers say, and with which espeak-ng voices. The two parts share no
 * language variant and no voice.
 *
 * @module
 */

/** The development part is for choosing settings, the test part for judging them. */
export type Part = "dev" | "test";

/** One espeak-ng voice and its lines. */
export interface Caller {
  /** espeak-ng voice with variant. */
  readonly voice: string;
  readonly wordsPerMinute: number;
  readonly lines: readonly string[];
}

export const CALLERS: Record<Part, readonly Caller[]> = {
  dev: [
    {
      voice: "en-us+m3",
      wordsPerMinute: 165,
      lines: [
        "Hi, I'm calling about the order I placed on Monday.",
        "Yes.",
        "It's four, seven, one, double two, nine.",
        "No, I think the parcel never arrived at our address.",
        "Could you hold on for a second, I'll look for the letter.",
        "Okay, thank you very much, goodbye.",
      ],
    },
    {
      voice: "de+f2",
      wordsPerMinute: 150,
      lines: [
        "Guten Tag, ich möchte gern einen Termin verschieben.",
        "Ja, genau.",
        "Am Donnerstag um halb vier wäre es mir am liebsten.",
        "Mein Name ist Schneider, ich wohne in der Bachstraße.",
        "Das passt sehr gut, vielen Dank.",
      ],
    },
    {
      voice: "es+m6",
      wordsPerMinute: 185,
      lines: [
        "Buenos días, quería saber el horario de la tienda.",
        "Sí, claro.",
        "Vivo cerca de la estación, en la calle Mayor.",
        "¿Y los sábados también están abiertos por la tarde?",
        "Perfecto, hasta luego.",
      ],
    },
    {
      voice: "fr+f4",
      wordsPerMinute: 170,
      lines: [
        "Bonjour, je vous appelle au sujet de ma facture.",
        "Oui, tout à fait.",
        "Elle est datée du douze mars, je crois.",
        "Non, je n'ai rien reçu par la poste cette semaine.",
        "Merci bien, bonne journée.",
      ],
    },
    {
      voice: "ru+m2",
      wordsPerMinute: 160,
      lines: [
        "Здравствуйте, я хочу узнать о своём заказе.",
        "Да.",
        "Номер семь, пять, три, восемь.",
        "Когда можно будет забрать посылку?",
        "Спасибо, до свидания.",
      ],
    },
  ],
  test: [
    {
      voice: "en-gb+f3",
      wordsPerMinute: 180,
      lines: [
        "Hello there, could you tell me when the next train leaves?",
        "Right, I see.",
        "Two tickets, please, and one of them for a child.",
        "Sorry, I didn't quite catch that, would you say it again?",
        "Lovely, cheers, bye.",
      ],
    },
    {
      voice: "it+m4",
      wordsPerMinute: 175,
      lines: [
        "Buonasera, vorrei prenotare un tavolo per quattro persone.",
        "Sì, va bene.",
        "Verso le otto, se possibile vicino alla finestra.",
        "Il mio numero è tre, quattro, otto, sette.",
        "Grazie mille, a domani.",
      ],
    },
    {
      voice: "pl+m5",
      wordsPerMinute: 155,
      lines: [
        "Dzień dobry, chciałbym zgłosić awarię internetu.",
        "Tak.",
        "Od wczoraj rano nic nie działa, nawet telefon.",
        "Mieszkam przy ulicy Szkolnej pod numerem szóstym.",
        "Dziękuję, do widzenia.",
      ],
    },
    {
      voice: "pt-br+f5",
      wordsPerMinute: 190,
      lines: [
        "Oi, bom dia, eu preciso trocar a data da minha viagem.",
        "Isso mesmo.",
        "Queria sair na sexta-feira bem cedo.",
        "Pode ser na janela, por favor.",
        "Obrigada, tchau.",
      ],
    },
    {
      voice: "hi+m7",
      wordsPerMinute: 140,
      lines: [
        "नमस्ते, मुझे अपने खाते के बारे में जानकारी चाहिए।",
        "जी हाँ।",
        "मेरा नंबर सात पाँच दो एक है।",
        "क्या आप इसे फिर से बता सकते हैं?",
        "धन्यवाद।",
      ],
    },
    {
      voice: "sv+f1",
      wordsPerMinute: 165,
      lines: [
        "Hej, jag undrar om ni har öppet på söndag.",
        "Ja, precis.",
        "Vi är sex personer och kommer vid sju.",
        "Finns det någon parkering i närheten?",
        "Tack så mycket, hej då.",
      ],
    },
  ],
};
