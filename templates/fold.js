// Folding and unfolding all steps. The page can be read without it.
{
const [contents, fold, ...steps] = document.querySelectorAll("#contents, #fold, .step > details");
fold.hidden = !steps[0];
fold.onclick = ({ target: { type, value } }) => type && steps.map(step => step.open = value);
contents.open = matchMedia("(min-width: 70rem)").matches;
}
