// Copyright 2026 The Shelf Anomaly authors
// SPDX-License-Identifier: Apache-2.0

// The cards of the list of alerts. They come as one text that all open pages share; which of them
// are new, gone or changed is found here, and a card that stays keeps its place and its focus.
export default {
  template: `
    <div role="list" aria-label="Alerts" class="cards">
      <div v-for="card in list" :key="card.id" role="listitem" class="card-holder">
        <a :href="card.href" :class="card.css" :tabindex="choosing ? -1 : null" v-html="card.inside"></a>
        <label v-if="choosing" class="pick">
          <input
            type="checkbox"
            :aria-label="card.label"
            @change="$emit('pick', { id: card.id, on: $event.target.checked })"
          >
        </label>
      </div>
    </div>`,
  props: { cards: String, choosing: Boolean },
  emits: ["pick"],
  computed: {
    list() {
      return JSON.parse(this.cards);
    },
  },
};
