// The page's own texts in English and Hindi, and the questionnaire's labels for the content of a tip.

import { byId, get } from "./dom.js";

const WORDS = {
  en: {
    demo: "demo", officers_desk: "Officers’ desk", web_form: "Web form", other: "हिन्दी", phones: "Citizens’ phones", phone: "Phone",
    new_phone: "One more phone", service: "Police Satark Mitra", typing: "typing…",
    online_whatsapp: "business account", online_telegram: "bot", online_sms: "text messages · +1 555 010 0100",
    media: "Ways to reach the police", medium_whatsapp: "WhatsApp", medium_telegram: "Telegram", medium_sms: "SMS", medium_voice: "Call",
    begin_whatsapp: "Say Hi to begin", begin_telegram: "Start", begin_sms: "Text Hi to begin", menu: "Menu",
    call: "Call", speak: "Speak", spoken: "Done", clip: "Play a clip", silence: "Stay silent", hang_up: "Hang up", star: "star", hash: "hash",
    call_none: "phone call · +1 555 010 0100", call_up: "connected", call_keys: "press a key", call_beep: "speak after the beep, or press a key", call_record: "speak after the beep", call_recording: "recording; # ends it",
    call_code: "enter the code, then #",
    call_inside: "Call inside WhatsApp", to_chat: "Back to the chat", spoke: "spoke for", seconds: "s",
    called_over: "Call inside WhatsApp. What you told is kept: go on here, or call again.", called_sent: "Call inside WhatsApp. Your tip was sent to the police.", called_busy: "Call inside WhatsApp: busy. Call again in a minute, or write here.",
    inside_none: "call inside WhatsApp", inside_asks: "your browser asks whether the police may hear you", inside_rings: "ringing…", inside_busy: "busy; call again in a minute", inside_over: "the call is over; what you told is kept", inside_sent: "the call is over; your tip was sent",
    inside_mute: "no microphone: wait after the beep, or press a key", inside_unheard: "The call was not connected: this browser does not reach the demo by UDP.",
    missing_aiortc: "Calls need one more package: stop the demo, run pip install 'satark[calls]', and start it again.", "missing_espeak-ng": "You will hear no words, since this machine has no voice (apt-get install espeak-ng); they are shown.",
    chat: "Chat", message: "Message", attach: "Attach", record: "Record a voice note", stop: "Stop and send",
    send: "Send", twice: "Post every webhook twice (providers sometimes do)",
    real_whatsapp: "This demo uses the real WhatsApp, because its settings are given. Write to your number from your own phone; the tips reach the desks.",
    real_telegram: "This demo uses the real Telegram, because its settings are given. Write to your bot from your own phone; the tips reach the desks.",
    real_sms: "This demo uses the real Twilio, because its settings are given. Text your number from your own phone; the tips reach the desks.",
    real_voice: "This demo uses the real Twilio, because its settings are given. Call your number from your own phone; the tips reach the desks.",
    photo: "Photo or video", camera: "Camera", document: "Document", sound: "Sound", place: "Location",
    sample: "Sample photo with GPS data", sample_pickup: "pick-up at night", sample_bottles: "bottles",
    close: "Close", choose: "Choose", place_ask: "Send location", places: "Places in Varanasi",
    latitude: "Latitude", longitude: "Longitude", name: "Name (optional)", location: "Location",
    message_menu: "Edit or delete", edit: "Edit", remove: "Delete for everyone", save: "Save",
    edited: "edited", deleted: "You deleted this message", voice: "Voice note",
    sent: "sent", delivered: "delivered", read: "read", failed: "not delivered",
    desks: "Police desks", empty: "No tip yet.",
    desks_note: "Updated live. Only in this demo does the page open tips, with the demo’s own passphrases; officers sign in at their desk.",
    files: "files:", pending: "being fetched:", cleaned: "cleaned copy", before: "as sent", after: "cleaned", inside: "metadata:", nothing: "none",
    own_voice: "The citizen’s own voice: officers hear it at the desk only, disguised",
    urgent: "urgent", high: "high priority", excluded: "never shown to", to_tipster: "to the citizen",
    from_tipster: "from the citizen", internal: "note",
    police: "The police system", police_none: "No event yet.", signed: "signature verified", update: "update", event: "The event as received", answer: "Answer:",
    police_note: "The police’s own software, simulated here. It receives only this much of each tip, signed. Its answers come back signed, and the citizen sees them by asking for the status with the code. It never receives a tip that its desk may not see.",
    police_real: "This demo uses a real one, because its settings are given. See there what it receives.",
    police_off: "None: the setting plugins does not name police_system.",
    police_missing: "None: its libraries are not installed. Run: pip install 'satark[police]'",
    readings: "What was understood", readings_note: "Of every typed message: what it is, how sure that is, and what it tells. What can’t be undone is done on a tap, a number or an exact word alone.",
    reading_list: "Try a list of your own", reading_step: "At which question", reading_lines: "One utterance a line; “review | send it” names a question of its own", reading_read: "Read",
    kind_option: "choice", kind_command: "command", kind_danger: "danger", kind_question: "question", kind_thanks: "thanks", kind_greeting: "greeting", kind_wait: "wait", kind_remark: "remark", kind_refusal: "refusal", kind_content: "belongs to the tip", kind_unclear: "unclear, asked again",
    sure_guess: "guess", sure_likely: "likely", sure_certain: "certain",
    value_option: "option", value_command: "command", value_topic: "about", value_suggested: "perhaps meant", value_category: "category", value_station: "place", value_when: "when", value_police: "police", value_danger: "danger",
    mark_negated: "negated", mark_asks: "asks", mark_story: "kept as told",
    lost: "The demo does not answer. Is it still running?",
  },
  hi: {
    demo: "प्रदर्शन", officers_desk: "अधिकारियों का डेस्क", web_form: "वेब फ़ॉर्म", other: "English", phones: "नागरिकों के फ़ोन", phone: "फ़ोन",
    new_phone: "एक और फ़ोन", service: "पुलिस सतर्क मित्र", typing: "लिख रहे हैं…",
    online_whatsapp: "बिज़नेस खाता", online_telegram: "बॉट", online_sms: "एसएमएस · +1 555 010 0100",
    media: "पुलिस तक पहुँचने के रास्ते", medium_whatsapp: "WhatsApp", medium_telegram: "Telegram", medium_sms: "SMS", medium_voice: "कॉल",
    begin_whatsapp: "शुरू करने के लिए Hi भेजें", begin_telegram: "शुरू करें", begin_sms: "शुरू करने के लिए Hi भेजें", menu: "मेन्यू",
    call: "कॉल करें", speak: "बोलें", spoken: "पूरा हुआ", clip: "नमूना चलाएँ", silence: "चुप रहें", hang_up: "फ़ोन रखें", star: "स्टार", hash: "हैश",
    call_none: "फ़ोन कॉल · +1 555 010 0100", call_up: "फ़ोन चालू है", call_keys: "अपने जवाब का बटन दबाएँ", call_beep: "बीप के बाद बोलें, या बटन दबाएँ", call_record: "बीप के बाद बोलें", call_recording: "रिकॉर्ड हो रहा है; # से पूरा करें",
    call_code: "कोड दबाएँ, फिर #",
    call_inside: "WhatsApp पर कॉल करें", to_chat: "बातचीत पर लौटें", spoke: "बोला:", seconds: "सेकंड",
    called_over: "WhatsApp कॉल। जो बताया वह रखा हुआ है: यहाँ लिखकर आगे बढ़ें, या फिर कॉल करें।", called_sent: "WhatsApp कॉल। आपकी सूचना पुलिस को भेज दी गई।", called_busy: "WhatsApp कॉल: लाइन व्यस्त थी। एक मिनट बाद फिर कॉल करें, या यहाँ लिखें।",
    inside_none: "WhatsApp कॉल", inside_asks: "ब्राउज़र पूछ रहा है कि माइक्रोफ़ोन चालू करें या नहीं", inside_rings: "घंटी बज रही है…", inside_busy: "लाइन व्यस्त है; एक मिनट बाद फिर कॉल करें", inside_over: "कॉल पूरी हुई; जो बताया वह रखा हुआ है", inside_sent: "कॉल पूरी हुई; सूचना भेज दी गई",
    inside_mute: "माइक्रोफ़ोन नहीं है: बीप के बाद रुकें, या बटन दबाएँ", inside_unheard: "कॉल नहीं जुड़ी: यह ब्राउज़र UDP से इस प्रदर्शन तक नहीं पहुँचता।",
    missing_aiortc: "कॉल के लिए एक पैकेज और चाहिए: प्रदर्शन रोकें, pip install 'satark[calls]' चलाएँ, और फिर शुरू करें।", "missing_espeak-ng": "शब्द सुनाई नहीं देंगे, क्योंकि इस मशीन में आवाज़ नहीं है (apt-get install espeak-ng); वे दिखाए जाएँगे।",
    chat: "बातचीत", message: "संदेश", attach: "फ़ाइल जोड़ें", record: "वॉइस संदेश रिकॉर्ड करें", stop: "रोकें और भेजें",
    send: "भेजें", twice: "हर वेबहुक दो बार भेजें (कंपनियाँ कभी-कभी ऐसा करती हैं)",
    real_whatsapp: "यहाँ असली WhatsApp जुड़ा है: उसकी सेटिंग दी गई है। अपने फ़ोन से अपने नंबर पर लिखें; सूचनाएँ डेस्क पर आएँगी।",
    real_telegram: "यहाँ असली Telegram जुड़ा है: उसकी सेटिंग दी गई है। अपने फ़ोन से अपने बॉट को लिखें; सूचनाएँ डेस्क पर आएँगी।",
    real_sms: "यहाँ असली Twilio जुड़ा है: उसकी सेटिंग दी गई है। अपने फ़ोन से अपने नंबर पर SMS भेजें; सूचनाएँ डेस्क पर आएँगी।",
    real_voice: "यहाँ असली Twilio जुड़ा है: उसकी सेटिंग दी गई है। अपने फ़ोन से अपने नंबर पर कॉल करें; सूचनाएँ डेस्क पर आएँगी।",
    photo: "फ़ोटो या वीडियो", camera: "कैमरा", document: "दस्तावेज़", sound: "आवाज़", place: "जगह",
    sample: "GPS जानकारी वाली नमूना फ़ोटो", sample_pickup: "रात में पिकअप", sample_bottles: "बोतलें",
    close: "बंद करें", choose: "चुनें", place_ask: "जगह भेजें", places: "वाराणसी की जगहें",
    latitude: "अक्षांश", longitude: "देशांतर", name: "नाम (वैकल्पिक)", location: "जगह",
    message_menu: "बदलें या मिटाएँ", edit: "बदलें", remove: "सबके लिए मिटाएँ", save: "सहेजें",
    edited: "बदला गया", deleted: "आपने यह संदेश मिटा दिया", voice: "वॉइस संदेश",
    sent: "भेजा गया", delivered: "पहुँचा", read: "पढ़ा गया", failed: "नहीं पहुँचा",
    desks: "पुलिस के डेस्क", empty: "अभी कोई सूचना नहीं।",
    desks_note: "यह अपने आप अपडेट होता है। केवल इस प्रदर्शन में यह पेज इन्हें प्रदर्शन के अपने पासफ़्रेज़ से खोलता है; अधिकारी अपने डेस्क पर साइन इन करते हैं।",
    files: "फ़ाइलें:", pending: "लाई जा रही:", cleaned: "साफ़ प्रति", before: "जैसी भेजी गई", after: "साफ़ की गई", inside: "मेटाडेटा:", nothing: "कोई नहीं",
    own_voice: "नागरिक की अपनी आवाज़: अधिकारी इसे केवल डेस्क पर, बदली हुई आवाज़ में सुनते हैं",
    urgent: "अति आवश्यक", high: "उच्च प्राथमिकता", excluded: "इन्हें कभी नहीं दिखती", to_tipster: "नागरिक को",
    from_tipster: "नागरिक से", internal: "टिप्पणी",
    police: "पुलिस का सिस्टम", police_none: "अभी कुछ नहीं आया।", signed: "हस्ताक्षर सही है", update: "नई जानकारी", event: "जैसा संदेश मिला", answer: "जवाब:",
    police_note: "पुलिस का अपना सॉफ़्टवेयर, यहाँ उसकी नक़ल चलती है। उसे हर सूचना का केवल इतना हिस्सा मिलता है, हस्ताक्षर के साथ। उसका जवाब भी हस्ताक्षर के साथ आता है, और नागरिक कोड से स्थिति पूछने पर उसे देखता है। जो सूचना उसके डेस्क को नहीं दिखाई जा सकती, वह यहाँ भी कभी नहीं आती।",
    police_real: "यहाँ असली सिस्टम जुड़ा है, क्योंकि उसकी सेटिंग दी गई है। उसे क्या मिलता है, यह वहीं दिखता है।",
    police_off: "यहाँ नहीं है: सेटिंग plugins में police_system नहीं है।",
    police_missing: "यहाँ इंस्टॉल नहीं है: pip install 'satark[police]' से आता है।",
    readings: "क्या समझा गया", readings_note: "हर लिखे संदेश के बारे में: वह क्या है, कितना पक्का है, और क्या बताता है। जो लौटाया नहीं जा सकता, वह केवल बटन, नंबर या ठीक उसी शब्द पर होता है।",
    reading_list: "अपनी सूची आज़माएँ", reading_step: "किस सवाल पर", reading_lines: "हर पंक्ति में एक वाक्य; “review | send it” से उस पंक्ति का सवाल अलग", reading_read: "पढ़ें",
    kind_option: "चुनाव", kind_command: "आदेश", kind_danger: "ख़तरा", kind_question: "सवाल", kind_thanks: "धन्यवाद", kind_greeting: "नमस्ते", kind_wait: "रुकें", kind_remark: "टिप्पणी", kind_refusal: "मना", kind_content: "सूचना का हिस्सा", kind_unclear: "साफ़ नहीं, फिर पूछा",
    sure_guess: "अंदाज़ा", sure_likely: "संभव", sure_certain: "पक्का",
    value_option: "विकल्प", value_command: "आदेश", value_topic: "विषय", value_suggested: "शायद", value_category: "विषय", value_station: "जगह", value_when: "कब", value_police: "पुलिस", value_danger: "ख़तरा",
    mark_negated: "इनकार", mark_asks: "पूछता है", mark_story: "बात रखी गई",
    lost: "प्रदर्शन जवाब नहीं दे रहा; क्या वह चल रहा है?",
  },
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("hi") ? "hi" : "en");
let labels = { en: {}, hi: {} };

export const word = (key) => WORDS[language][key] ?? key;
export const currentLanguage = () => language;

// The first label that exists, or the value itself.
export function label(value, ...keys) {
  const found = keys.find((key) => labels[language][key] !== undefined);
  return found ? labels[language][found] : value;
}

export async function loadLabels() {
  labels = await (await get("/labels")).json();
}

export function switchLanguage() {
  language = language === "en" ? "hi" : "en";
  localStorage.setItem("language", language);
}

export function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  byId("language").textContent = word("other");
  byId("language").lang = language === "en" ? "hi" : "en";
  const named = { "attach-button": "attach", "mic-button": "record", "send-button": "send", "menu-button": "menu", "call-inside": "call_inside", log: "chat", text: "message" };
  for (const [id, key] of Object.entries(named)) byId(id).setAttribute("aria-label", word(key));
  byId("text").placeholder = word("message");
}
